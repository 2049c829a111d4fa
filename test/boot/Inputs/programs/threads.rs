// Rust's std: threads, thread_local! with destructors, channels, a panic that is
// caught, scoped threads. Prints the same anywhere.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Condvar, Mutex};
use std::thread;

static DROPPED: AtomicUsize = AtomicUsize::new(0);

struct Counted(Vec<u64>);
impl Drop for Counted {
    fn drop(&mut self) {
        DROPPED.fetch_add(self.0.len(), Ordering::SeqCst);
    }
}

thread_local! {
    static COUNT: Cell<u64> = Cell::new(7);
    static KEPT: RefCell<Counted> = RefCell::new(Counted(Vec::new()));
    static LARGE: RefCell<[u8; 100_000]> = RefCell::new([1; 100_000]);
}

fn work(id: u64) -> u64 {
    for k in 0..1000 {
        COUNT.with(|c| c.set(c.get() + id * k));
        if k % 100 == 0 {
            KEPT.with(|v| v.borrow_mut().0.push(k));
            thread::yield_now();
        }
    }
    LARGE.with(|l| l.borrow_mut()[id as usize] = 5);
    COUNT.with(|c| c.get()) + LARGE.with(|l| l.borrow().iter().map(|b| *b as u64).sum::<u64>())
}

fn main() {
    let threads: Vec<_> = (0..6).map(|id| thread::spawn(move || work(id))).collect();
    let sums: Vec<u64> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    println!("sums {:?}, dropped {}", sums, DROPPED.load(Ordering::SeqCst));

    let (to, from) = mpsc::channel();
    let pair = Arc::new((Mutex::new(0), Condvar::new()));
    for id in 0..4 {
        let (to, pair) = (to.clone(), pair.clone());
        thread::spawn(move || {
            let (turn, changed) = &*pair;
            let mut guard = turn.lock().unwrap();
            while *guard != id {
                guard = changed.wait(guard).unwrap();
            }
            *guard += 1;
            changed.notify_all();
            to.send((id, format!("thread {}", id))).unwrap();
        });
    }
    drop(to);
    let found: HashMap<i32, String> = from.iter().collect();
    println!("turns {}, {}", found.len(), found[&3]);

    std::panic::set_hook(Box::new(|_| ()));
    let caught = thread::spawn(|| -> u64 { COUNT.with(|c| c.get()) + "x".parse::<u64>().unwrap() }).join();
    println!("panic caught: {}", caught.is_err());
    let mut scoped = [0; 3];
    thread::scope(|s| {
        for (i, slot) in scoped.iter_mut().enumerate() {
            s.spawn(move || *slot = i + 1);
        }
    });
    println!("scoped {:?}, mine {}", scoped, COUNT.with(|c| c.get()));
}
