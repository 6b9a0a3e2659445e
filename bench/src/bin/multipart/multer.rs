//! multer, on a stream that has one piece at a time, as a connection has.

use core::convert::Infallible;
use core::future::Future;
use core::hint::black_box;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::Stream;
use multer::{Constraints, Multipart, SizeLimit};

use crate::inputs::{BOUNDARY, Input};

/// So many polls without an end mean that there is none.
const PATIENCE: usize = 1 << 24;

/// Gives a piece, and then has none until it is asked again.
struct Pieces {
    form: Bytes,
    size: usize,
    has_given: bool,
}

impl Stream for Pieces {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.form.is_empty() {
            return Poll::Ready(None);
        }
        self.has_given = !self.has_given;
        if !self.has_given {
            return Poll::Pending;
        }
        let size = self.size.min(self.form.len());
        Poll::Ready(Some(Ok(self.form.split_to(size))))
    }
}

pub(crate) fn read(input: &Input, size: usize) -> usize {
    let pieces = Pieces { form: input.form.clone(), size, has_given: false };
    let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(u64::MAX));
    let boundary = core::str::from_utf8(BOUNDARY).expect("text");
    let read = async {
        let mut form = Multipart::with_constraints(pieces, boundary, limits);
        let mut content = 0;
        while let Some(mut field) = form.next_field().await? {
            black_box((field.name(), field.file_name(), field.content_type()));
            while let Some(piece) = field.chunk().await? {
                content += black_box(piece).len();
            }
        }
        Ok::<_, multer::Error>(content)
    };
    let mut read = pin!(read);
    for _ in 0..PATIENCE {
        if let Poll::Ready(content) = read.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return content.expect("a right form");
        }
    }
    panic!("multer waits for something that will not come");
}
