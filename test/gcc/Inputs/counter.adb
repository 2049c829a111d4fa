--  SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
package body Counter is
   Current : Integer := 0;
   pragma Thread_Local_Storage (Current);
   procedure Count (N : Integer) is
   begin
      Current := Current + N;
   end Count;
   function Value return Integer is (Current);
end Counter;
