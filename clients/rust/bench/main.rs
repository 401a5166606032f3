//! Measures round trips of Ping through the client, and round trips of frames of the same length
//! through bare sockets:
//!
//!     bench --server URL --echo URL [--rounds 5] [--requests 2000]
//!
//! Each side has one connection, and both take turns in each round. Prints medians over the rounds
//! as one line of JSON.

use assay_client::{Client, Options, PingRequest};
use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::io::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Instant;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const PAYLOAD_SIZE: usize = 64;
const FRAME_SIZE: usize = 32 + 8 + PAYLOAD_SIZE;

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Median microseconds of `requests` runs of `once`.
fn round(requests: usize, mut once: impl FnMut() -> Result) -> Result<f64> {
    let mut times = Vec::with_capacity(requests);
    for _ in 0..requests {
        let start = Instant::now();
        once()?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(median(&mut times))
}

/// Connects. The calls used here are the same for TCP and Unix.
fn connect(url: &str) -> Result<UnixStream> {
    if let Some(path) = url.strip_prefix("unix://") {
        return Ok(UnixStream::connect(path)?);
    }
    let stream = TcpStream::connect(url.strip_prefix("tcp://").ok_or("tcp:// or unix:// wanted")?)?;
    stream.set_nodelay(true)?;
    Ok(OwnedFd::from(stream).into())
}

fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| arguments.iter().skip_while(|one| *one != name).nth(1);
    let usage = "--server URL --echo URL [--rounds N] [--requests N] wanted";
    let (server, echo) = (option("--server").ok_or(usage)?, option("--echo").ok_or(usage)?);
    let rounds: usize = option("--rounds").map_or(Ok(5), |text| text.parse())?;
    let requests: usize = option("--requests").map_or(Ok(2000), |text| text.parse())?;

    let client = Client::new(server, Options::default())?;
    let mut stream = connect(echo)?;
    let frame = [1; FRAME_SIZE];
    let request = PingRequest { payload: Some(vec![1; PAYLOAD_SIZE]) };
    let mut ping = || client.ping(&request).map(drop).map_err(Into::into);
    let mut bare = || {
        let mut answer = [0; FRAME_SIZE];
        stream.write_all(&frame)?;
        stream.read_exact(&mut answer)?;
        Ok(())
    };
    round(requests.min(100), &mut ping)?;
    round(requests.min(100), &mut bare)?;
    let (mut own, mut bares) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        own.push(round(requests, &mut ping)?);
        bares.push(round(requests, &mut bare)?);
    }
    let (own, bare) = (median(&mut own), median(&mut bares));
    println!(
        "{{\"language\":\"rust\",\"client_p50_us\":{own:.2},\"bare_p50_us\":{bare:.2},\
         \"ratio\":{:.3},\"requests\":{requests},\"rounds\":{rounds}}}",
        own / bare
    );
    Ok(())
}
