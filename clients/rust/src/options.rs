//! Checks of the options, whose table is generated.

use crate::errors::{error, Result};
use crate::protocol::Options;

impl Options {
    /// Fails with `request_invalid` and the option's name as `field`.
    pub(crate) fn check(&self) -> Result<()> {
        for (name, found, min, max) in self.ranges() {
            if !(min..=max).contains(&found) {
                let words = format!("option {name}: found {found}, allowed: {min}..{max}");
                return Err(error!(RequestInvalid, "making a client: {words}").field(name));
            }
        }
        Ok(())
    }
}
