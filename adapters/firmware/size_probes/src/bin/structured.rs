//! `structured_read`, and structured fields that are written: a member is, with its parameters.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::http::structured::{Dictionary, DictionaryWriter, Member};
use wirenut_size_probes::{BUFFER, receive, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut buffer, mut out) = ([0; BUFFER], [0; BUFFER]);
    loop {
        let length = receive(&mut buffer);
        let Ok(dictionary) = Dictionary::parse(buffer.get(..length).unwrap_or(&[])) else { continue };
        for key in ["u", "i"] {
            black_box(dictionary.get(key).and_then(|member| member.value()?.integer()));
        }
        let mut writer = DictionaryWriter::new(&mut out);
        if let Some(Member::Item(item)) = dictionary.get("u")
            && let Ok(mut parameters) = writer.item("u", item.value)
        {
            for (key, value) in item.parameters {
                let Ok(more) = parameters.parameter(key, value) else { break };
                parameters = more;
            }
        }
        send(writer.finish());
    }
}
