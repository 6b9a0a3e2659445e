//! Structured fields (RFC 9651): items, lists and dictionaries, read where they came in, and written.
//!
//! A field is one of three: an [`Item`], a [`List`] or a [`Dictionary`]; its specification says which. A member of a list
//! or a dictionary is an item or an [`InnerList`], and each of both has [`Parameters`]. All of a field is checked before
//! anything of it is shown, for a field with an error must be ignored whole (RFC 9651 §4.2): `parse` is one pass without
//! memory, and iterating is another.
//!
//! ```
//! use wirenut::http::Fields;
//! use wirenut::http::structured::{Dictionary, DictionaryWriter, List, Member};
//! # use wirenut::http::ValueError;
//! let fields = Fields::parse(b"Priority: u=2, i\r\nAccept-CH: Width, DPR;x\r\n").unwrap();
//! let mut urgency = 3;
//! for (key, member) in Dictionary::of(fields, "Priority")? {
//!     match (key, member.value().and_then(|value| value.integer())) {
//!         ("u", Some(number)) => urgency = number,
//!         _ => {}
//!     }
//! }
//! assert_eq!(urgency, 2);
//! let hints = List::of(fields, "Accept-CH")?;
//! assert!(hints.into_iter().filter_map(|hint| hint.value()?.token()).eq(["Width", "DPR"]));
//!
//! let mut room = [0; 32];
//! let mut priority = DictionaryWriter::new(&mut room);
//! priority.item("u", urgency)?;
//! assert_eq!(priority.finish(), b"u=2");
//! # Ok::<(), ValueError>(())
//! ```

mod bare_item;
mod byte_sequence;
mod cursor;
mod decimal;
mod display_string;
mod item;
mod lines;
mod list;
mod member;
mod string;
#[cfg(test)]
mod tests;
mod write;

pub use bare_item::BareItem;
pub use byte_sequence::ByteSequence;
pub use decimal::Decimal;
pub use display_string::DisplayString;
pub use item::{Item, Parameters, ParametersIter};
pub use list::{Dictionary, DictionaryIter, List, ListIter};
pub use member::{InnerList, InnerListIter, Member};
pub use string::SfString;
pub use write::{DictionaryWriter, InnerListWriter, ItemWriter, ListWriter, ParametersWriter};
