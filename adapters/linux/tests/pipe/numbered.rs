//! Messages that say of themselves whether they are whole.

/// From whom, which one, and then bytes that follow from both, so that a torn message is seen.
pub(crate) fn message(sender: u32, number: u32) -> Vec<u8> {
    let length = (number.wrapping_mul(7919) ^ sender.wrapping_mul(104_729)) % 3_000;
    let mut bytes = [sender.to_le_bytes(), number.to_le_bytes()].concat();
    bytes.extend((0..length).map(|place| (place ^ number ^ sender) as u8));
    bytes
}

pub(crate) fn check(bytes: &[u8]) -> (u32, u32) {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let (sender, number) = (word(0), word(4));
    assert!(bytes == message(sender, number));
    (sender, number)
}
