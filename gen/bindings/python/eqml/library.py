"""The C side: libeqml and the record of a surface, by ctypes. See eqml_library.h."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import warnings
from pathlib import Path
from typing import Any, Optional

ABI = 1
WHY = 512  # bytes of a message

Doubles = ctypes.c_void_p  # an address, so that an array costs no conversion


class Record(ctypes.Structure):
    """eqml_record."""


_record = ctypes.POINTER(Record)
_size, _int = ctypes.c_size_t, ctypes.c_int
_Energies = ctypes.CFUNCTYPE(_int, _record, _size, Doubles, Doubles, Doubles)
_Hessian = ctypes.CFUNCTYPE(_int, _record, Doubles, Doubles, Doubles, Doubles)
_Tensors = ctypes.CFUNCTYPE(_int, _record, _int, _size, Doubles, Doubles, Doubles)
_Inside = ctypes.CFUNCTYPE(_int, _record, Doubles)
_Values = ctypes.CFUNCTYPE(_int, _record, _size, Doubles, Doubles)

Record._fields_ = [
    ("size", _size),
    ("abi", _int),
    ("natoms", _int),
    ("fits", _int),
    ("charge", _int),
    ("name", ctypes.c_char_p),
    ("composition", ctypes.c_char_p),
    ("symbols", ctypes.c_char_p),
    ("numbers", ctypes.POINTER(_int)),
    ("classes", ctypes.POINTER(_int)),
    ("energy_unit", ctypes.c_char_p),
    ("length_unit", ctypes.c_char_p),
    ("ntrain", _size),
    ("lowest", ctypes.c_double),
    ("highest", ctypes.c_double),
    ("lowest_xyz", ctypes.POINTER(ctypes.c_double)),
    ("ranges", ctypes.POINTER(ctypes.c_double)),
    ("context", ctypes.c_void_p),
    ("energies", _Energies),
    ("hessian", _Hessian),
    ("tensors", _Tensors),
    ("inside", _Inside),
    ("sigmas", _Values),
    ("charges", _Values),
]


class EqmlError(Exception):
    """A file, an array or an option that eqml refuses; the text says why and what to do."""


_libeqml: Optional[Any] = None


def in_sources(name: str) -> Optional[str]:
    """A file of build/ in the source folder, if this package is used there and the file is built."""
    here = Path(__file__).resolve().parent
    if here.parent.name != "python" or here.parent.parent.name != "bindings":
        return None
    built = here.parents[3] / "build" / name
    return str(built) if built.exists() else None


def libeqml() -> Any:
    """libeqml, loaded once."""
    global _libeqml
    if _libeqml is not None:
        return _libeqml
    given = os.environ.get("EQML_LIBRARY")
    path = given or in_sources("libeqml.so") or ctypes.util.find_library("eqml") or "libeqml.so.1"
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise EqmlError(
            f"{path}: libeqml cannot be loaded ({error}); run `make library` or `make install` in the source "
            "folder of eqml, or name the file in the environment variable EQML_LIBRARY"
        ) from None
    library.eqml_open.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_char_p, _size]
    library.eqml_close.argtypes = [ctypes.c_void_p]
    library.eqml_close.restype = None
    library.eqml_get.argtypes = [ctypes.c_void_p]
    library.eqml_get.restype = _record
    _libeqml = library
    return library


class Opened:
    """A surface that was opened: its record, and what keeps it alive."""

    def __init__(self, path: str) -> None:
        self._handle: Optional[int] = None
        self._library: Any = None
        if path.endswith(".so") or ".so." in path:
            self.record = self._of_library(path)
        else:
            self._library = libeqml()
            handle, why = ctypes.c_void_p(), ctypes.create_string_buffer(WHY)
            if self._library.eqml_open(os.fsencode(path), ctypes.byref(handle), why, WHY):
                raise EqmlError(why.value.decode(errors="replace"))
            if why.value:  # EQML_COMPILE asked for compiled code, and there is none
                warnings.warn(why.value.decode(errors="replace"), RuntimeWarning, stacklevel=3)
            self._handle = handle.value
            self.record = self._library.eqml_get(handle)

    def _of_library(self, path: str) -> Any:
        try:
            self._library = ctypes.CDLL(path if os.sep in path else os.path.join(os.curdir, path))
            find = self._library.eqml_surface_record
        except OSError as error:
            raise EqmlError(f"{path}: the library cannot be loaded: {error}") from None
        except AttributeError:
            raise EqmlError(f"{path}: the library has no record of a surface: run make pes again") from None
        find.restype = _record
        record = find()
        if record.contents.abi != ABI or record.contents.size < ctypes.sizeof(Record):
            raise EqmlError(
                f"{path}: the library is of ABI {record.contents.abi}, and this package of {ABI}: run make pes again"
            )
        return record

    def __del__(self) -> None:
        if self._handle:
            self._library.eqml_close(self._handle)
            self._handle = None
