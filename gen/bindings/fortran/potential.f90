! The subroutine that older programs want: the potential and its derivatives, from the surface in the file that the
! environment variable PES names, water.pes by default. x(3, n) and dvdx(3, n) in bohr and hartree/bohr.
!
!     gfortran -c eqml.f90 potential.f90 && gfortran old_program.f potential.o eqml.o -leqml
subroutine potential(x, v, dvdx)
    use eqml
    implicit none
    real(real64), intent(in) :: x(3, *)
    real(real64), intent(out) :: v, dvdx(3, *)
    type(surface), save :: pes
    integer :: status
    character(512) :: message, path
    if (pes%natoms == 0) then
        call get_environment_variable('PES', path)
        if (path == '') path = 'water.pes'
        call pes%open(path, status, message)
        if (status /= 0) error stop trim(message)
    end if
    call pes%energy(x(:, 1:pes%natoms), v, status, dvdx(:, 1:pes%natoms), message)
    if (status /= 0) error stop trim(message)
end subroutine
