//! State that belongs to one process: a forked child gets a state of its own.
//!
//! Guarantees: finding the state takes no lock. A thread of the parent may have held a lock at the
//! fork, and nobody releases that lock in the child. No two processes are given the same state. A
//! child is told by its process id, which is asked for at every use.
//! Not here: the contents of a state.
//!
//! The states are laid out in advance, one for each process in a line of forks. A line goes from
//! parent to child, so the number of children of one process has no bound.

use crate::error::{Code, Error};
use std::sync::atomic::{AtomicU32, Ordering};

/// Processes of one line of forks that may use the same client.
const LINE_LENGTH_MAX: usize = 16;

#[derive(Default)]
struct Place<T> {
    /// 0: free.
    process: AtomicU32,
    state: T,
}

/// One state for each process of a line.
pub struct PerProcess<T> {
    line: [Place<T>; LINE_LENGTH_MAX],
}

impl<T: Default> PerProcess<T> {
    /// States that belong to nobody yet.
    pub fn new() -> Self {
        PerProcess { line: Default::default() }
    }

    /// The state of this process. The first time, `leave_to_parent` sees the states before.
    pub fn get(&self, leave_to_parent: impl Fn(&T)) -> Result<&T, Error> {
        self.get_for(std::process::id(), leave_to_parent)
    }

    /// The states of the processes before this one.
    pub fn of_others(&self) -> impl Iterator<Item = &T> {
        let process = std::process::id();
        let is_others = move |place: &&Place<T>| {
            let owner = place.process.load(Ordering::Acquire);
            owner != 0 && owner != process
        };
        self.line.iter().filter(is_others).map(|place| &place.state)
    }

    fn get_for(&self, process: u32, leave_to_parent: impl Fn(&T)) -> Result<&T, Error> {
        for (index, place) in self.line.iter().enumerate() {
            let mut owner = place.process.load(Ordering::Acquire);
            if owner == 0 {
                let order = (Ordering::AcqRel, Ordering::Acquire);
                match place.process.compare_exchange(0, process, order.0, order.1) {
                    Ok(_) => {
                        self.line[..index].iter().for_each(|place| leave_to_parent(&place.state));
                        return Ok(&place.state);
                    }
                    Err(other) => owner = other, // a thread of this process was first
                }
            }
            if owner == process {
                return Ok(&place.state);
            }
        }
        let words = format!(
            "calling: found a client that was handed down through {} forks, allowed: {}",
            LINE_LENGTH_MAX,
            LINE_LENGTH_MAX - 1
        );
        Err(Error::new(Code::RequestInvalid, words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn every_process_of_a_line_has_a_state_of_its_own() {
        let states: PerProcess<RefCell<u32>> = PerProcess::new();
        for process in 1..=LINE_LENGTH_MAX as u32 {
            let state = states.get_for(process, |_| {}).expect("a place");
            assert_eq!(state.replace(process), 0, "nobody else's");
        }
        for process in 1..=LINE_LENGTH_MAX as u32 {
            assert_eq!(*states.get_for(process, |_| {}).expect("its own").borrow(), process);
        }
        let error = states.get_for(99, |_| {}).expect_err("no place");
        assert_eq!(error.code, Code::RequestInvalid);
    }

    #[test]
    fn the_states_of_parents_are_left_once() {
        let states: PerProcess<RefCell<u32>> = PerProcess::new();
        let leave = |state: &RefCell<u32>| *state.borrow_mut() += 1;
        for process in [1, 2, 3, 3, 2, 1] {
            states.get_for(process, leave).expect("a place");
        }
        let left: Vec<_> = states.line.iter().map(|place| *place.state.borrow()).collect();
        assert_eq!(left[..4], [2, 1, 0, 0]);
    }
}
