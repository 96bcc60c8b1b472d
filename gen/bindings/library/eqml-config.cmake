# find_package(eqml) gives the target eqml::eqml.
get_filename_component(eqml_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET eqml::eqml)
  add_library(eqml::eqml SHARED IMPORTED)
  set_target_properties(eqml::eqml PROPERTIES
    IMPORTED_LOCATION "${eqml_prefix}/lib/libeqml.so"
    IMPORTED_SONAME "libeqml.so.1"
    INTERFACE_INCLUDE_DIRECTORIES "${eqml_prefix}/include")
endif()
