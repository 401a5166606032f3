//! Builders of requests, vectors, and errors as kinds of the language.

use assay_client::{
    AssayError, ChatMessage, Client, Code, EmbedRequest, EmbedResponse, GenerateRequest, Input,
    Model, Options, Provenance,
};
use std::error::Error;
use std::io;

fn nowhere() -> Client {
    let options = Options { attempts: 1, ..Options::default() };
    Client::new("unix:///nowhere", options).expect("an address")
}

#[test]
fn builders_set_fields() {
    let built = GenerateRequest::text("a").max_tokens(8).stop(["x", "y"]).model("m").seed(7);
    let expected = GenerateRequest {
        prompt: Some("a".to_owned()),
        max_tokens: Some(8),
        stop: vec!["x".to_owned(), "y".to_owned()],
        model: Some("m".to_owned()),
        seed: Some(7),
        ..Default::default()
    };
    assert_eq!(built, expected);
    let chat = GenerateRequest::chat([ChatMessage::system("brief"), ChatMessage::user("hi")]);
    assert_eq!(chat.messages[1].role, "user");
    let embed = EmbedRequest::of(["a", "b"]).pooling("last");
    assert_eq!(embed.inputs, [Input::from("a"), Input::from("b".to_owned())]);
    assert_eq!(EmbedRequest::of([vec![1]]).inputs[0].tokens, Some(vec![1]));
}

#[test]
fn vectors_are_one_per_input() {
    let answer =
        EmbedResponse { embeddings: vec![1.0, 2.0, 3.0, 4.0], dimensions: 2, ..Default::default() };
    assert_eq!(answer.vectors().collect::<Vec<_>>(), [[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(EmbedResponse::default().vectors().len(), 0);
}

#[test]
fn errors_have_sources_and_are_io_errors() {
    let error = nowhere().generate_text("a").expect_err("nobody is there");
    assert_eq!((error.code, error.io_kind()), (Code::Unreachable, io::ErrorKind::NotFound));
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    assert_eq!(source.map(io::Error::kind), Some(io::ErrorKind::NotFound));
    let error = io::Error::from(error);
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.get_ref().is_some_and(|inner| inner.is::<AssayError>()));

    let client = nowhere();
    let error = client.embed_all(Vec::<String>::new()).expect_err("no input");
    assert_eq!(error.field.as_deref(), Some("inputs"));
    assert_eq!((error.io_kind(), error.source().is_none()), (io::ErrorKind::InvalidInput, true));
    client.close();
    let error = client.chat([ChatMessage::user("a")]).expect_err("closed");
    assert_eq!(error.io_kind(), io::ErrorKind::ConnectionAborted);
}

#[test]
fn a_models_provenance_is_an_enum() {
    assert_eq!(Model { provenance: 1, ..Default::default() }.source(), Provenance::Real);
    assert_eq!(Model { provenance: 2, ..Default::default() }.source(), Provenance::Mock);
}
