//! A world in Rust with `std`: collections, panics that are caught, threads, channels and
//! thread-local objects. A static library; `rustc --crate-type=staticlib`.
//!
//! SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::sync::{mpsc, Arc, Barrier, Mutex, OnceLock};
use std::thread;

static ERRORS: AtomicI64 = AtomicI64::new(0);
static ENDED: AtomicI64 = AtomicI64::new(0);

fn expect(what: &str, is_right: bool) {
    if !is_right {
        ERRORS.fetch_add(1, SeqCst);
        eprintln!("world in Rust: {what}");
    }
}

struct Ends(HashMap<String, i64>);
impl Drop for Ends {
    fn drop(&mut self) {
        ENDED.fetch_add(1, SeqCst);
    }
}
thread_local! { static MINE: RefCell<Ends> = RefCell::new(Ends(HashMap::new())); }

fn count(name: &str) -> i64 {
    MINE.with(|mine| {
        let mut mine = mine.borrow_mut();
        let value = mine.0.entry(name.to_string()).or_insert(0);
        *value += 1;
        *value
    })
}

struct Guard<'a>(&'a mut i64);
impl Drop for Guard<'_> {
    fn drop(&mut self) {
        *self.0 += 1;
    }
}

fn check_panics() {
    let mut unwound = 0;
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _guard = Guard(&mut unwound);
        resume_unwind(Box::new(count("panics")));
    }));
    expect("panic", caught.is_err_and(|it| it.downcast_ref::<i64>().is_some()));
    expect("unwinding", unwound == 1);
    let caught = catch_unwind(|| [1, 2, 3][count("indices") as usize + 7]);
    expect("index", caught.is_err());
}

fn check_threads() {
    static ONCE: OnceLock<i64> = OnceLock::new();
    let barrier = Arc::new(Barrier::new(4));
    let total = Arc::new(Mutex::new(0));
    let (sender, receiver) = mpsc::channel();
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let (barrier, total, sender) = (barrier.clone(), total.clone(), sender.clone());
            thread::Builder::new()
                .name(format!("number {number}"))
                .spawn(move || {
                    barrier.wait();
                    expect("a new thread's own", count("calls") == 1);
                    expect("once", *ONCE.get_or_init(|| 3) == 3);
                    expect("name", thread::current().name() == Some(&format!("number {number}")));
                    *total.lock().unwrap() += number;
                    sender.send(number).unwrap();
                    number * 2
                })
                .unwrap()
        })
        .collect();
    let results: i64 = threads.into_iter().map(|it| it.join().unwrap()).sum();
    drop(sender);
    expect("results", results == 12 && *total.lock().unwrap() == 6 && receiver.iter().sum::<i64>() == 6);
    expect("a panic in a thread", thread::spawn(|| resume_unwind(Box::new(1))).join().is_err());
    let mut on_stack = [0; 4];
    thread::scope(|scope| {
        for it in &mut on_stack {
            scope.spawn(move || *it = count("scoped"));
        }
    });
    expect("scoped", on_stack == [1; 4]);
}

extern "C" fn make_rounds(rounds: i64) -> i64 {
    static ONE: Mutex<()> = Mutex::new(());
    for _ in 0..rounds {
        let calls = count("calls of this thread");
        check_panics();
        let _one = ONE.lock().unwrap();
        check_threads();
        expect("this thread's own", count("calls of this thread") == calls + 1);
        count("calls of this thread");
    }
    ERRORS.load(SeqCst)
}

extern "C" fn check_ends(_: i64) -> i64 {
    expect("thread-local objects that ended", ENDED.load(SeqCst) > 0);
    ERRORS.load(SeqCst)
}

extern "C" {
    fn gettid() -> i32;
}

extern "C" fn call_back(function: i64) -> i64 {
    let function: extern "C" fn(i64) -> i64 = unsafe { std::mem::transmute(function) };
    thread::spawn(move || function(unsafe { gettid() } as i64)).join().unwrap()
}

/// Not caught: the panic leaves the world.
extern "C-unwind" fn escape(number: i64) -> i64 {
    panic!("not caught: {number}");
}

#[repr(transparent)]
pub struct Function(*const ());
unsafe impl Sync for Function {}
#[no_mangle]
pub static world_functions: [Function; 4] = [
    Function(make_rounds as *const ()),
    Function(check_ends as *const ()),
    Function(call_back as *const ()),
    Function(escape as *const ()),
];
