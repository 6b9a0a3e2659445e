//! A child that doubles numbers, asked through a two-way pipe: `pipe 1 2 3`.

use wirenut_linux::process;
use wirenut_linux::process::pipe::duplex;

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let (ours, theirs) = duplex()?;
    let not_mine = ours.clone();
    let child = process::spawn(move || {
        not_mine.close()?; // or the stream would not end, as long as the child has a copy
        while let Ok(Some(question)) = theirs.recv() {
            let number: i64 = String::from_utf8_lossy(&question).parse().unwrap_or(0);
            if theirs.send((number * 2).to_string().as_bytes()).is_err() {
                break; // nobody listens any more
            }
        }
        Ok::<(), wirenut_linux::Error>(())
    })?;
    for number in std::env::args().skip(1) {
        ours.send(number.as_bytes())?;
        let answer = ours.recv()?.ok_or("the child has ended")?;
        println!("2 × {number} = {}", String::from_utf8_lossy(&answer));
    }
    drop(ours); // the child's stream ends, and so does the child
    child.join()?;
    Ok(())
}
