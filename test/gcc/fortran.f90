! Fortran: threadprivate variables of OpenMP are in TLS.
! SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
! REQUIRES: gcc-plugin-12, gfortran-12
! RUN: gfortran-12 -fplugin=%gcc12-plugin -O2 -fopenmp -c %s -o %t.o 2>&1 | count 0
! RUN: llvm-objdump -d %t.o | FileCheck %s
! CHECK-NOT: %fs:
! CHECK: %gs:
! CHECK-NOT: %fs:
subroutine count_up(n)
  implicit none
  integer, intent(in) :: n
  integer, save :: counter = 0
  !$omp threadprivate(counter)
  counter = counter + n
end subroutine
