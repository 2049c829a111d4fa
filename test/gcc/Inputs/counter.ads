--  SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
package Counter is
   procedure Count (N : Integer);
   function Value return Integer;
end Counter;
