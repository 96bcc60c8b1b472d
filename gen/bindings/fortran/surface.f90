! NAME: a potential energy surface, fitted with eqml; interfaces of the functions in libNAME.so.
!
!     use NAME
!     real(c_double) :: x(3, NATOMS), v, dvdx(3, NATOMS)
!     v = NAME_energy_gradient(x, dvdx)
!
!     gfortran NAME.f90 program.f90 -L. -lNAME
!
! Atoms in the order SYMBOLS. bohr, hartree, hartree/bohr, hartree/bohr^2, e bohr, e bohr^2, bohr^3. Tensors have the
! components x y z, or xx xy xz yy yz zz. Where a coordinate is no number, or two atoms are in one place, the numbers are
! NaN. All functions are thread-safe.
module NAME
    use, intrinsic :: iso_c_binding, only: c_double, c_size_t, c_int
    implicit none
    public
    integer, parameter :: natoms = NATOMS

    interface
        function NAME_energy(x) bind(c) result(v)
            import :: c_double
            real(c_double), intent(in) :: x(3, *)
            real(c_double) :: v
        end function

        function NAME_energy_gradient(x, dvdx) bind(c) result(v)
            import :: c_double
            real(c_double), intent(in) :: x(3, *)
            real(c_double), intent(out) :: dvdx(3, *)
            real(c_double) :: v
        end function

        ! hessian(3 natoms, 3 natoms)
        function NAME_energy_hessian(x, dvdx, hessian) bind(c) result(v)
            import :: c_double
            real(c_double), intent(in) :: x(3, *)
            real(c_double), intent(out) :: dvdx(3, *), hessian(*)
            real(c_double) :: v
        end function

        ! n geometries x(3, natoms, n)
        subroutine NAME_energy_batch(n, x, v) bind(c)
            import :: c_double, c_size_t
            integer(c_size_t), value :: n
            real(c_double), intent(in) :: x(3, *)
            real(c_double), intent(out) :: v(*)
        end subroutine

        subroutine NAME_energy_gradient_batch(n, x, v, dvdx) bind(c)
            import :: c_double, c_size_t
            integer(c_size_t), value :: n
            real(c_double), intent(in) :: x(3, *)
            real(c_double), intent(out) :: v(*), dvdx(3, *)
        end subroutine

        ! 1: all distances are as in the training data, 0: not, -1: not known
        function NAME_inside(x) bind(c) result(inside)
            import :: c_double, c_int
            real(c_double), intent(in) :: x(3, *)
            integer(c_int) :: inside
        end function
@sigma 
@sigma         ! standard deviation of the energy, hartree
@sigma         function NAME_energy_sigma(x) bind(c) result(sigma)
@sigma             import :: c_double
@sigma             real(c_double), intent(in) :: x(3, *)
@sigma             real(c_double) :: sigma
@sigma         end function
@dipole 
@dipole         subroutine NAME_dipole(x, dipole) bind(c)
@dipole             import :: c_double
@dipole             real(c_double), intent(in) :: x(3, *)
@dipole             real(c_double), intent(out) :: dipole(3)
@dipole         end subroutine
@dipole 
@dipole         ! jacobian(3, natoms, 3), the last index that of the component
@dipole         subroutine NAME_dipole_jacobian(x, dipole, jacobian) bind(c)
@dipole             import :: c_double
@dipole             real(c_double), intent(in) :: x(3, *)
@dipole             real(c_double), intent(out) :: dipole(3), jacobian(3, *)
@dipole         end subroutine
@quadrupole 
@quadrupole         subroutine NAME_quadrupole(x, quadrupole) bind(c)
@quadrupole             import :: c_double
@quadrupole             real(c_double), intent(in) :: x(3, *)
@quadrupole             real(c_double), intent(out) :: quadrupole(6)
@quadrupole         end subroutine
@polarizability 
@polarizability         subroutine NAME_polarizability(x, polarizability) bind(c)
@polarizability             import :: c_double
@polarizability             real(c_double), intent(in) :: x(3, *)
@polarizability             real(c_double), intent(out) :: polarizability(6)
@polarizability         end subroutine
    end interface
end module
