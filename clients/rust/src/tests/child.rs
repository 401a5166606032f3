//! Forked children for the tests, also of busy processes.

#![allow(unsafe_code)]

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

extern "C" {
    fn fork() -> i32;
    fn waitpid(child: i32, status: *mut i32, options: i32) -> i32;
    fn alarm(seconds: u32) -> u32;
    fn _exit(status: i32) -> !;
}

/// Runs `action` in a forked child and returns the child's number. A child that hangs is killed.
pub fn in_child(action: impl FnOnce() -> bool) -> i32 {
    // Sound: none of the three functions touches memory. The child has a copy of everything, and
    // ends without unwinding into the test harness.
    let child = unsafe { fork() };
    assert!(child >= 0, "no child");
    if child == 0 {
        unsafe { alarm(60) };
        let is_fine = catch_unwind(AssertUnwindSafe(action)).unwrap_or(false);
        unsafe { _exit(i32::from(!is_fine)) };
    }
    child
}

/// Waits for the end of a child, whose action has to be true.
pub fn wait_for_child(child: i32) {
    let mut status = -1;
    // Sound: the function writes `status` alone.
    assert_eq!(unsafe { waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0, "what the child found");
}

/// Runs `action` while `count` threads repeat `work`.
pub fn while_busy(count: usize, work: impl Fn() + Clone + Send + 'static, action: impl FnOnce()) {
    let is_over = Arc::new(AtomicBool::new(false));
    let start = |_| {
        let (work, is_over) = (work.clone(), Arc::clone(&is_over));
        std::thread::spawn(move || {
            while !is_over.load(Ordering::SeqCst) {
                work();
            }
        })
    };
    let busy: Vec<_> = (0..count).map(start).collect();
    action();
    is_over.store(true, Ordering::SeqCst);
    busy.into_iter().for_each(|thread| thread.join().expect("nobody is disturbed"));
}
