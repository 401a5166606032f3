use assay_client::{ChatMessage, Client, Code, EmbedRequest, GenerateRequest, Options};
use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = std::env::var("ASSAY_SERVER");
    let server = server.unwrap_or_else(|_| "tcp://127.0.0.1:7411".to_owned());
    let client = Client::new(&server, Options::default())?;

    let reply = client.generate(&GenerateRequest::text("317+485=").max_tokens(8))?;
    println!("{:?} ({})", reply.text, reply.provenance.name());

    let mut stream = client.generate_stream(&GenerateRequest::text("A fox:").max_tokens(48))?;
    for chunk in &mut stream {
        print!("{}", chunk?.text.unwrap_or_default());
        std::io::stdout().flush()?;
    }
    println!("\n({})", stream.result()?.finish_reason);

    let mut stream = client.generate_stream(&GenerateRequest::text("A hen:"))?;
    println!("{:?}", stream.next().transpose()?);
    drop(stream); // cancels the rest on the server

    let reply = client.chat([ChatMessage::user("317+485=")])?;
    println!("{:?}", reply.text);

    let reply = client.embed(&EmbedRequest::of(["a fox", "a hen"]).normalize(false))?;
    for vector in reply.vectors() {
        println!("{}", vector.len());
    }

    // The server ends the answer at the deadline, with the reason "deadline".
    match client.deadline_milliseconds(20).generate_text("An owl:") {
        Ok(reply) => println!("{}", reply.finish_reason),
        Err(error) if error.code == Code::TimedOut => println!("{error}"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
