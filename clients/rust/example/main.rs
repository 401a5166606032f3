use assay_client::{Client, GenerateRequest, Options};
use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = std::env::var("ASSAY_SERVER");
    let server = server.unwrap_or_else(|_| "tcp://127.0.0.1:7411".to_owned());
    let client = Client::new(&server, Options::default())?;

    let sum = GenerateRequest {
        prompt: Some("317+485=".to_owned()),
        max_tokens: Some(8),
        ..Default::default()
    };
    let reply = client.generate(&sum)?;
    let text = reply.text.as_deref().unwrap_or("");
    println!("317+485={} ({})", text, reply.provenance.name());

    let story = GenerateRequest {
        prompt: Some("Once upon a time".to_owned()),
        max_tokens: Some(48),
        ..Default::default()
    };
    let mut stream = client.deadline_milliseconds(10_000).generate_stream(&story)?;
    for chunk in &mut stream {
        print!("{}", chunk?.text.unwrap_or_default());
        std::io::stdout().flush()?;
    }
    println!("\n({})", stream.result()?.finish_reason);
    Ok(())
}
