//! Tests of a pool in a forked child, and of a pool's places for a line of forks.

#![allow(unsafe_code)]

use super::*;
use crate::codec::Request;
use crate::protocol::{Code, HelloRequest};

extern "C" {
    fn fork() -> i32;
    fn waitpid(child: i32, status: *mut i32, options: i32) -> i32;
    fn alarm(seconds: u32) -> u32;
    fn _exit(status: i32) -> !;
}

#[test]
fn a_child_needs_no_lock_of_its_parent() {
    let place = Box::into_raw(Box::new(pool()));
    // Sound: the pool lives until it is dropped below, in the child once and in the parent once.
    let pool = unsafe { &*place };
    let guard = lock(&pool.place(id()).expect("a place").connections);
    // Sound: none of the four functions touches memory except `status`, which lives on. The child
    // has a copy of everything and ends without unwinding into the test harness.
    let child = unsafe { fork() };
    if child == 0 {
        unsafe { alarm(60) }; // a child that hangs is killed
        let until = Instant::now() + Duration::from_secs(60);
        let kind = HelloRequest::KIND;
        let acquired = pool
            .choose()
            .and_then(|chosen| chosen.register(kind, until))
            .map(|_| ())
            .map_err(|error| error.code);
        pool.close();
        drop(unsafe { Box::from_raw(place) });
        unsafe { _exit(i32::from(acquired != Err(Code::Unreachable))) };
    }
    drop(guard);
    let mut status = -1;
    assert_eq!(unsafe { waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0);
    assert_eq!(pool.check_open(), Ok(()), "the child closed its own");
    drop(unsafe { Box::from_raw(place) });
}

fn pool() -> Pool {
    Pool::new("unix:///nobody/there", Options::default()).expect("an address")
}

fn connection(pool: &Pool) -> Arc<Connection> {
    Arc::new(Connection::new(&pool.address, &pool.options))
}

#[test]
fn every_process_of_a_line_has_a_place_of_its_own() {
    let pool = pool();
    let processes = || 1..=LINE_LENGTH_MAX as u32;
    for process in processes() {
        let place = pool.place(process).expect("a place");
        let mut connections = lock(&place.connections);
        assert!(connections.is_empty(), "nobody else's");
        connections.push(connection(&pool));
    }
    for (process, place) in processes().zip(&pool.line) {
        assert!(std::ptr::eq(pool.place(process).expect("its own"), place));
    }
    let error = pool.place(99).map(drop).expect_err("no place");
    assert_eq!(error.code, Code::RequestInvalid);
}

#[test]
fn the_places_of_parents_are_left_once() {
    let pool = pool();
    let fill = |process| {
        let place = pool.place(process).expect("a place");
        *lock(&place.connections) = vec![connection(&pool)];
    };
    let filled = || -> Vec<usize> {
        pool.line[..3].iter().map(|place| lock(&place.connections).len()).collect()
    };
    [1, 2].into_iter().for_each(fill);
    assert_eq!(filled(), [0, 1, 0], "the second left the first's");
    [1, 2, 3].into_iter().for_each(fill);
    assert_eq!(filled(), [0, 0, 1]);
    [1, 2, 3].into_iter().for_each(fill);
    assert_eq!(filled(), [1, 1, 1], "only who comes new leaves");
}
