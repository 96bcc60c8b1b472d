! What the Fortran module promises, for check-bindings: in a folder with water.pes. Writes a line, or stops with an error.
program check
    use eqml
    implicit none
    type(surface) :: water, other
    real(real64) :: v, w(2), dvdx(3, 3), x(3, 3), h(9, 9), d(3), dd(3, 3, 3), batch(3, 3, 2), slopes(3, 3, 2), up, down
    integer :: status
    character(512) :: message
    real(real64), parameter :: step = 1e-4_real64
    interface
        subroutine potential(x, v, dvdx)
            import :: real64
            real(real64), intent(in) :: x(3, *)
            real(real64), intent(out) :: v, dvdx(3, *)
        end subroutine
    end interface

    call water%open('water.pes', status, message)
    call require(status == 0 .and. water%natoms == 3 .and. water%symbols == 'H H O', message)
    call require(all(water%numbers == [1, 1, 8]) .and. water%ntrain > 0, 'numbers')
    x = water%lowest_x
    x(1, 1) = x(1, 1) + 0.1_real64
    call water%energy(x, v, status, dvdx)
    call require(status == 0, 'energy')
    x(2, 3) = x(2, 3) + step
    call water%energy(x, up, status)
    x(2, 3) = x(2, 3) - 2 * step
    call water%energy(x, down, status)
    x(2, 3) = x(2, 3) + step
    call require(abs((up - down) / (2 * step) - dvdx(2, 3)) < 1e-6_real64, 'gradient')
    call water%hessian(x, v, dvdx, h, status)
    call require(status == 0 .and. maxval(abs(h - transpose(h))) < 1e-10_real64, 'hessian')
    call water%tensor(eqml_dipole, x, d, status, dd)
    call require(status == 0 .and. abs(sum(dd(1, :, 1))) < 1e-10_real64, 'a neutral molecule has one dipole anywhere')
    batch(:, :, 1) = x
    batch(:, :, 2) = water%lowest_x
    call water%energies(batch, w, status, slopes)
    call require(status == 0 .and. abs(w(1) - v) < 1e-10_real64, 'batch')
    call require(water%inside(water%lowest_x) == 1, 'inside')

    ! the subroutine of older programs, with the same surface
    call potential(x, up, dvdx)
    call require(abs(up - v) < 1e-12_real64, 'potential')

    ! what is refused, by status and message
    call water%energy(x(:, 1:2), v, status, message=message)
    call require(status /= 0 .and. index(message, 'shape') > 0, 'shape: '//message)
    call water%tensor(eqml_polarizability, x, w, status, message=message)
    call require(status /= 0, 'a short array')
    call other%energy(x, v, status, message=message)
    call require(status /= 0 .and. index(message, 'not open') > 0, 'not open: '//message)
    call other%open('none.pes', status, message)
    call require(status /= 0 .and. index(message, 'none.pes') > 0, 'none: '//message)
    call water%close()
    print '(a)', 'fortran'

contains

    subroutine require(holds, what)
        logical, intent(in) :: holds
        character(*), intent(in) :: what
        if (.not. holds) error stop what
    end subroutine
end program
