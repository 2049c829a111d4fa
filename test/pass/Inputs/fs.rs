// Assembly that means the application's FS.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#![no_std]
#[no_mangle]
pub unsafe fn application() -> u64 {
    let value: u64;
    core::arch::asm!("mov {}, fs:[0x80]", out(reg) value, options(nostack, readonly));
    value
}
