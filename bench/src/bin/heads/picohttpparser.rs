//! picohttpparser, as its crate builds it: C, with the compiler's optimisation and SSE 4.2.

use core::hint::black_box;
use core::ptr;

use picohttpparser_sys::{phr_header, phr_parse_request, phr_parse_response};

pub(crate) fn read(bytes: &[u8]) -> usize {
    let (mut method, mut method_length) = (ptr::null(), 0);
    let (mut path, mut path_length) = (ptr::null(), 0);
    let mut minor = 0;
    let mut fields = [const { core::mem::MaybeUninit::<phr_header>::uninit() }; super::plain_nom::FIELDS];
    let mut count = fields.len();
    // SAFETY: the pointer and the length are those of `bytes`, and `count` is the number of places in `fields`, of
    // which the function writes and does not read.
    let used = unsafe {
        phr_parse_request(
            bytes.as_ptr().cast(),
            bytes.len(),
            &raw mut method,
            &raw mut method_length,
            &raw mut path,
            &raw mut path_length,
            &raw mut minor,
            fields.as_mut_ptr().cast(),
            &raw mut count,
            0,
        )
    };
    black_box((method, method_length, path, path_length, minor, &fields, count));
    usize::try_from(used).expect("no head")
}

pub(crate) fn read_response(bytes: &[u8]) -> usize {
    let (mut minor, mut status) = (0, 0);
    let (mut reason, mut reason_length) = (ptr::null(), 0);
    let mut fields = [const { core::mem::MaybeUninit::<phr_header>::uninit() }; super::plain_nom::FIELDS];
    let mut count = fields.len();
    // SAFETY: as above.
    let used = unsafe {
        phr_parse_response(
            bytes.as_ptr().cast(),
            bytes.len(),
            &raw mut minor,
            &raw mut status,
            &raw mut reason,
            &raw mut reason_length,
            fields.as_mut_ptr().cast(),
            &raw mut count,
            0,
        )
    };
    black_box((minor, status, reason, reason_length, &fields, count));
    usize::try_from(used).expect("no head")
}
