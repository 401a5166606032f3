//! Tests of threads in forked children.

use super::*;
use crate::tests::child::{in_child, wait_for_child, while_busy};
use std::sync::mpsc;
use std::time::Duration;

/// Returns true when a thread starts here and runs.
fn runs() -> bool {
    let (sender, receiver) = mpsc::channel();
    let started = start_thread(move || sender.send(7).expect("somebody waits"));
    started.is_ok() && receiver.recv_timeout(Duration::from_secs(5)) == Ok(7)
}

#[test]
fn a_thread_starts_in_the_child_of_a_busy_process() {
    let start_another = || std::thread::spawn(|| ()).join().expect("it ends");
    while_busy(4, start_another, || (0..500).for_each(|_| wait_for_child(in_child(runs))));
}

#[test]
fn a_panic_ends_its_thread_alone() {
    start_thread(|| panic!("on purpose")).expect("it starts");
    assert!(runs());
}
