//! Tests of a pool in a forked child, and of a pool's places for a line of forks.

#![allow(unsafe_code)]

use super::*;
use crate::codec::Request;
use crate::protocol::{Code, HelloRequest};
use crate::tests::child::{in_child, wait_for_child};

#[test]
fn a_child_needs_no_lock_of_its_parent() {
    let place = Box::into_raw(Box::new(pool()));
    // Sound: the pool lives until it is dropped below, in the child once and in the parent once.
    let pool = unsafe { &*place };
    let guard = lock(&pool.place(id()).expect("a place").connections);
    let child = in_child(|| {
        let until = Instant::now() + Duration::from_secs(60);
        let chosen = pool.choose();
        let place_in_flight = chosen.and_then(|chosen| chosen.register(HelloRequest::KIND, until));
        pool.close();
        drop(unsafe { Box::from_raw(place) });
        place_in_flight.map(drop).map_err(|error| error.code) == Err(Code::Unreachable)
    });
    drop(guard);
    wait_for_child(child);
    assert_eq!(pool.check_open(), Ok(()), "the child closed its own");
    drop(unsafe { Box::from_raw(place) });
}

fn pool() -> Pool {
    Pool::new("unix:///nobody/there", Options::default()).expect("an address")
}

#[test]
fn no_text_of_options_shows_the_token() {
    let file = std::env::temp_dir().join(format!("assay-token-{}", id()));
    std::fs::write(&file, "assay_of_nobody\n").expect("a file");
    let path = Some(file.to_string_lossy().into_owned());
    let options = Options { token_file: path, tenant: Some("b".into()), ..Options::default() };
    let pool = Pool::new("unix:///nobody/there", options).expect("a token");
    std::fs::remove_file(&file).expect("the file");
    assert_eq!(pool.options.token.as_deref(), Some("assay_of_nobody"));
    let shown = format!("{:?} {:#?}", pool.options, pool.options);
    assert!(shown.contains("tenant: Some(\"b\")") && !shown.contains("nobody"), "{shown}");
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
