! Fitted surfaces from Fortran, through libeqml: opens any NAME.pes, or any libNAME.so.
!
!     use eqml
!     type(surface) :: water
!     real(real64) :: x(3, 3), v, dvdx(3, 3)
!     integer :: status
!     character(512) :: message
!     call water%open('water.pes', status, message)
!     call water%energy(x, v, status, dvdx)
!     call water%close()
!
!     gfortran eqml.f90 program.f90 -leqml
!
! Units: bohr, hartree, hartree/bohr, hartree/bohr^2, e bohr, e bohr^2, bohr^3. Shapes: x(3, natoms), batches
! x(3, natoms, n), atoms in the order of %symbols. Dipoles have 3 components, quadrupoles and polarizabilities
! 6: xx xy xz yy yz zz; their Jacobians are (3, natoms, components). A status is 0, or the number of an error; a
! message, where one is asked for, says why. Where a coordinate is no number, or two atoms are in one place, the
! numbers are NaN. Any number of threads may evaluate with one surface.
module eqml
    use, intrinsic :: iso_c_binding, only: c_int, c_size_t, c_double, c_ptr, c_char, c_null_ptr, c_null_char, &
        c_loc, c_f_pointer, c_associated, c_funptr
    use, intrinsic :: iso_fortran_env, only: real64
    implicit none
    private
    public :: surface, real64, eqml_dipole, eqml_quadrupole, eqml_polarizability

    integer, parameter :: eqml_dipole = 0, eqml_quadrupole = 1, eqml_polarizability = 2
    integer, parameter :: argument_error = 1, why_size = 512

    ! The beginning of eqml_record in eqml_library.h.
    type, bind(c) :: record
        integer(c_size_t) :: size
        integer(c_int) :: abi, natoms, fits, charge
        type(c_ptr) :: name, composition, symbols, numbers, classes, energy_unit, length_unit
        integer(c_size_t) :: ntrain
        real(c_double) :: lowest, highest
        type(c_ptr) :: lowest_xyz, ranges
    end type

    type :: surface
        integer :: natoms = 0                       ! 0: not open
        integer :: fits = 0                         ! sum of 1 energy, 2 dipole, 4 quadrupole, 8 polarizability
        integer :: charge = 0
        character(:), allocatable :: name, composition, symbols
        integer :: ntrain = 0                       ! training geometries; 0: not known, and nor the next three
        real(real64) :: lowest = 0, highest = 0     ! their energies, hartree
        real(real64), allocatable :: lowest_x(:, :) ! (3, natoms) the geometry of the lowest
        integer, allocatable :: numbers(:)          ! atomic numbers
        type(c_ptr), private :: handle = c_null_ptr
    contains
        procedure :: open => open_surface
        procedure :: close => close_surface
        procedure :: energy => one_energy
        procedure :: energies => many_energies
        procedure :: hessian => one_hessian
        procedure :: tensor => one_tensor
        procedure :: inside => is_inside
    end type

    interface
        function eqml_open(path, handle, why, size) bind(c) result(status)
            import :: c_char, c_ptr, c_size_t, c_int
            character(kind=c_char), intent(in) :: path(*)
            type(c_ptr), intent(out) :: handle
            character(kind=c_char), intent(out) :: why(*)
            integer(c_size_t), value :: size
            integer(c_int) :: status
        end function

        subroutine eqml_close(handle) bind(c)
            import :: c_ptr
            type(c_ptr), value :: handle
        end subroutine

        function eqml_get(handle) bind(c) result(found)
            import :: c_ptr
            type(c_ptr), value :: handle
            type(c_ptr) :: found
        end function

        function eqml_energies(handle, n, xyz, energy, gradient, why, size) bind(c) result(status)
            import :: c_ptr, c_size_t, c_double, c_char, c_int
            type(c_ptr), value :: handle
            integer(c_size_t), value :: n
            real(c_double), intent(in) :: xyz(*)
            real(c_double), intent(out) :: energy(*)
            type(c_ptr), value :: gradient ! may be NULL
            character(kind=c_char), intent(out) :: why(*)
            integer(c_size_t), value :: size
            integer(c_int) :: status
        end function

        function eqml_hessian(handle, xyz, energy, gradient, hessian, why, size) bind(c) result(status)
            import :: c_ptr, c_size_t, c_double, c_char, c_int
            type(c_ptr), value :: handle
            real(c_double), intent(in) :: xyz(*)
            real(c_double), intent(out) :: energy
            real(c_double), intent(out) :: gradient(*), hessian(*)
            character(kind=c_char), intent(out) :: why(*)
            integer(c_size_t), value :: size
            integer(c_int) :: status
        end function

        function eqml_tensors(handle, kind, n, xyz, value, jacobian, why, size) bind(c) result(status)
            import :: c_ptr, c_size_t, c_double, c_char, c_int
            type(c_ptr), value :: handle
            integer(c_int), value :: kind
            integer(c_size_t), value :: n
            real(c_double), intent(in) :: xyz(*)
            real(c_double), intent(out) :: value(*)
            type(c_ptr), value :: jacobian ! may be NULL
            character(kind=c_char), intent(out) :: why(*)
            integer(c_size_t), value :: size
            integer(c_int) :: status
        end function

        function eqml_inside(handle, xyz) bind(c) result(inside)
            import :: c_ptr, c_double, c_int
            type(c_ptr), value :: handle
            real(c_double), intent(in) :: xyz(*)
            integer(c_int) :: inside
        end function
    end interface

contains

    ! Opens NAME.pes or libNAME.so.
    subroutine open_surface(this, path, status, message)
        class(surface), intent(inout) :: this
        character(*), intent(in) :: path
        integer, intent(out) :: status
        character(*), intent(out), optional :: message
        character(kind=c_char) :: why(why_size)
        type(record), pointer :: r
        call this%close()
        status = int(eqml_open(to_c(path), this%handle, why, int(why_size, c_size_t)))
        call tell(1, why, message) ! with status 0 empty, or a remark: see EQML_COMPILE in eqml_library.h
        if (status /= 0) return
        call c_f_pointer(eqml_get(this%handle), r)
        this%natoms = int(r%natoms)
        this%fits = int(r%fits)
        this%charge = int(r%charge)
        this%ntrain = int(r%ntrain)
        this%lowest = r%lowest
        this%highest = r%highest
        this%name = from_c(r%name)
        this%composition = from_c(r%composition)
        this%symbols = from_c(r%symbols)
        call copy_arrays(this, r)
    end subroutine

    subroutine copy_arrays(this, r)
        class(surface), intent(inout) :: this
        type(record), intent(in) :: r
        real(c_double), pointer :: lowest(:, :)
        integer(c_int), pointer :: numbers(:)
        call c_f_pointer(r%numbers, numbers, [this%natoms])
        this%numbers = int(numbers)
        if (.not. c_associated(r%lowest_xyz)) return
        call c_f_pointer(r%lowest_xyz, lowest, [3, this%natoms])
        this%lowest_x = lowest
    end subroutine

    ! Releases the surface; one that is not open is allowed.
    subroutine close_surface(this)
        class(surface), intent(inout) :: this
        if (c_associated(this%handle)) call eqml_close(this%handle)
        this%handle = c_null_ptr
        this%natoms = 0
        if (allocated(this%lowest_x)) deallocate (this%lowest_x)
    end subroutine

    ! v and, where it is asked for, dvdx(3, natoms) of one geometry x(3, natoms).
    subroutine one_energy(this, x, v, status, dvdx, message)
        class(surface), intent(in) :: this
        real(real64), intent(in), contiguous :: x(:, :)
        real(real64), intent(out) :: v
        integer, intent(out) :: status
        real(real64), intent(out), contiguous, optional, target :: dvdx(:, :)
        character(*), intent(out), optional :: message
        character(kind=c_char) :: why(why_size)
        type(c_ptr) :: gradient
        real(c_double) :: energy(1)
        v = 0
        gradient = c_null_ptr
        if (present(dvdx)) gradient = c_loc(dvdx)
        status = check_shape(this, shape(x), [3, this%natoms], message)
        if (status == 0 .and. present(dvdx)) status = check_shape(this, shape(dvdx), [3, this%natoms], message)
        if (status /= 0) return
        status = int(eqml_energies(this%handle, 1_c_size_t, x, energy, gradient, why, int(why_size, c_size_t)))
        v = energy(1)
        call tell(status, why, message)
    end subroutine

    ! v(n) and, where it is asked for, dvdx(3, natoms, n) of n geometries x(3, natoms, n).
    subroutine many_energies(this, x, v, status, dvdx, message)
        class(surface), intent(in) :: this
        real(real64), intent(in), contiguous :: x(:, :, :)
        real(real64), intent(out), contiguous :: v(:)
        integer, intent(out) :: status
        real(real64), intent(out), contiguous, optional, target :: dvdx(:, :, :)
        character(*), intent(out), optional :: message
        character(kind=c_char) :: why(why_size)
        type(c_ptr) :: gradient
        gradient = c_null_ptr
        if (present(dvdx)) gradient = c_loc(dvdx)
        status = check_shape(this, shape(x), [3, this%natoms, size(v)], message)
        if (status == 0 .and. present(dvdx)) status = check_shape(this, shape(dvdx), shape(x), message)
        if (status /= 0) return
        status = int(eqml_energies(this%handle, size(v, kind=c_size_t), x, v, gradient, why, &
                                   int(why_size, c_size_t)))
        call tell(status, why, message)
    end subroutine

    ! v, dvdx(3, natoms) and hessian(3 natoms, 3 natoms) of one geometry.
    subroutine one_hessian(this, x, v, dvdx, hessian, status, message)
        class(surface), intent(in) :: this
        real(real64), intent(in), contiguous :: x(:, :)
        real(real64), intent(out) :: v
        real(real64), intent(out), contiguous :: dvdx(:, :), hessian(:, :)
        integer, intent(out) :: status
        character(*), intent(out), optional :: message
        character(kind=c_char) :: why(why_size)
        v = 0
        status = check_shape(this, shape(x), [3, this%natoms], message)
        if (status == 0) status = check_shape(this, shape(dvdx), [3, this%natoms], message)
        if (status == 0) status = check_shape(this, shape(hessian), [3 * this%natoms, 3 * this%natoms], message)
        if (status /= 0) return
        status = int(eqml_hessian(this%handle, x, v, dvdx, hessian, why, int(why_size, c_size_t)))
        call tell(status, why, message)
    end subroutine

    ! A tensor of one geometry, value(3) or value(6), and where it is asked for jacobian(3, natoms, components).
    ! kind: eqml_dipole, eqml_quadrupole or eqml_polarizability.
    subroutine one_tensor(this, kind, x, value, status, jacobian, message)
        class(surface), intent(in) :: this
        integer, intent(in) :: kind
        real(real64), intent(in), contiguous :: x(:, :)
        real(real64), intent(out), contiguous :: value(:)
        integer, intent(out) :: status
        real(real64), intent(out), contiguous, optional, target :: jacobian(:, :, :)
        character(*), intent(out), optional :: message
        character(kind=c_char) :: why(why_size)
        type(c_ptr) :: to
        integer :: components
        components = merge(3, 6, kind == eqml_dipole)
        to = c_null_ptr
        if (present(jacobian)) to = c_loc(jacobian)
        status = check_shape(this, shape(x), [3, this%natoms], message)
        if (status == 0) status = check_shape(this, shape(value), [components], message)
        if (status == 0 .and. present(jacobian)) &
            status = check_shape(this, shape(jacobian), [3, this%natoms, components], message)
        if (status /= 0) return
        status = int(eqml_tensors(this%handle, int(kind, c_int), 1_c_size_t, x, value, to, why, &
                                  int(why_size, c_size_t)))
        call tell(status, why, message)
    end subroutine

    ! 1: all distances are as in the training data, 0: not, -1: not known, or x has another shape.
    integer function is_inside(this, x)
        class(surface), intent(in) :: this
        real(real64), intent(in), contiguous :: x(:, :)
        is_inside = -1
        if (check_shape(this, shape(x), [3, this%natoms]) == 0) is_inside = int(eqml_inside(this%handle, x))
    end function

    ! Refuses a surface that is not open, and an array of another shape.
    integer function check_shape(this, found, wanted, message) result(status)
        class(surface), intent(in) :: this
        integer, intent(in) :: found(:), wanted(:)
        character(*), intent(out), optional :: message
        status = 0
        if (present(message)) message = ''
        if (.not. c_associated(this%handle)) then
            status = argument_error
            if (present(message)) message = 'the surface is not open'
        else if (any(found /= wanted)) then
            status = argument_error
            if (present(message)) write (message, '(3a, *(1x, i0))') 'an array for the surface ', this%name, &
                ' has the wrong shape: found and wanted are', found, wanted
        end if
    end function

    function to_c(text) result(c)
        character(*), intent(in) :: text
        character(kind=c_char) :: c(len_trim(text) + 1)
        integer :: k
        do k = 1, len_trim(text)
            c(k) = text(k:k)
        end do
        c(size(c)) = c_null_char
    end function

    function from_c(pointer) result(text)
        type(c_ptr), intent(in) :: pointer
        character(:), allocatable :: text
        character(kind=c_char), pointer :: c(:)
        integer :: length
        length = 0
        call c_f_pointer(pointer, c, [100000])
        do while (c(length + 1) /= c_null_char)
            length = length + 1
        end do
        allocate (character(length) :: text)
        do length = 1, len(text)
            text(length:length) = c(length)
        end do
    end function

    subroutine tell(status, why, message)
        integer, intent(in) :: status
        character(kind=c_char), intent(in) :: why(*)
        character(*), intent(out), optional :: message
        integer :: k
        if (.not. present(message)) return
        message = ''
        if (status == 0) return
        do k = 1, min(len(message), why_size)
            if (why(k) == c_null_char) exit
            message(k:k) = why(k)
        end do
    end subroutine
end module
