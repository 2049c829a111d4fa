// A no_std crate with thread-locals of its own, as a kernel has them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#![no_std]
#![feature(thread_local)]
#![allow(static_mut_refs)]

extern "C" {
    fn put(name: *const u8, value: i64);
}

#[thread_local]
static mut COUNTER: i64 = 41;
#[thread_local]
static mut TABLE: [i64; 100] = [0; 100];
#[no_mangle]
#[thread_local]
pub static mut SHARED: u8 = 7;

#[inline(never)]
unsafe fn count(step: i64) -> &'static mut i64 {
    COUNTER += step;
    &mut COUNTER
}

#[no_mangle]
pub unsafe extern "C" fn main() -> i32 {
    *count(1) += 1;
    for i in 0..100 {
        TABLE[i] += i as i64 * COUNTER;
    }
    SHARED ^= 0x55;
    put(b"counter\0".as_ptr(), COUNTER);
    put(b"sum\0".as_ptr(), TABLE.iter().sum());
    put(b"shared\0".as_ptr(), SHARED as i64);
    3
}

// The core library's unwind tables name it; with panic=abort nobody calls it.
#[no_mangle]
extern "C" fn rust_eh_personality() {}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
