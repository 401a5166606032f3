//! Tests of threads in forked children.

use super::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{mpsc, Arc};
use std::time::Duration;

extern "C" {
    fn fork() -> i32;
    fn waitpid(child: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(status: i32) -> !;
}

/// Returns true when a thread starts here and runs.
fn runs() -> bool {
    let (sender, receiver) = mpsc::channel();
    let started = start_thread(move || sender.send(7).expect("somebody waits"));
    started.is_ok() && receiver.recv_timeout(Duration::from_secs(5)) == Ok(7)
}

#[test]
fn a_thread_starts_in_the_child_of_a_busy_process() {
    let is_over = Arc::new(AtomicBool::new(false));
    let busy: Vec<_> = (0..4)
        .map(|_| {
            let is_over = Arc::clone(&is_over);
            std::thread::spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    std::thread::spawn(|| ()).join().expect("it ends");
                }
            })
        })
        .collect();
    for _ in 0..500 {
        let child = unsafe { fork() };
        if child == 0 {
            unsafe { _exit(i32::from(!runs())) };
        }
        let mut status = -1;
        assert_eq!(unsafe { waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0, "what the child found");
    }
    is_over.store(true, Ordering::SeqCst);
    busy.into_iter().for_each(|thread| thread.join().expect("nobody is disturbed"));
}

#[test]
fn a_panic_ends_its_thread_alone() {
    start_thread(|| panic!("on purpose")).expect("it starts");
    assert!(runs());
}
