! Water, O H H, angstrom and kcal/mol: two Morse bonds and the square of the change of the angle.
subroutine pot(x, v)
  implicit none
  double precision, intent(in) :: x(3,3)
  double precision, intent(out) :: v
  double precision :: a(3), b(3), ra, rb, angle
  a = x(:,2) - x(:,1); b = x(:,3) - x(:,1)
  ra = sqrt(sum(a*a)); rb = sqrt(sum(b*b))
  angle = acos(sum(a*b) / (ra*rb))
  v = 125d0 * ((1 - exp(-2.1d0*(ra - 0.96d0)))**2 + (1 - exp(-2.1d0*(rb - 0.96d0)))**2) &
      + 50d0 * (angle - 1.82d0)**2
end subroutine
