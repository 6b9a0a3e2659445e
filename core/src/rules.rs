//! Enums of rules that an input can break: what is broken, and where that is written.

/// An enum of which each variant says where its rule is written and what is wrong; with a second name, what to answer, too.
macro_rules! rules {
    (
        $(#[$about:meta])* $kind:ident
        $(#[$meaning:meta])* $answer:ident
        $($(#[$doc:meta])* $name:ident: $status:ident, $section:literal, $text:literal;)*
    ) => {
        rules! {
            $(#[$about])* $kind
            $($(#[$doc])* $name: $section, $text;)*
        }

        impl $kind {
            $(#[$meaning])*
            #[must_use]
            pub const fn $answer(self) -> Status {
                match self { $(Self::$name => Status::$status,)* }
            }
        }
    };
    (
        $(#[$about:meta])* $kind:ident
        $($(#[$doc:meta])* $name:ident: $section:literal, $text:literal;)*
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        pub enum $kind {
            $($(#[$doc])* $name,)*
        }

        impl $kind {
            /// Every rule, for tables and tests.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Where the rule is written.
            #[must_use]
            pub const fn section(self) -> &'static str {
                match self { $(Self::$name => $section,)* }
            }

            /// What is wrong, in a few words.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.text())
            }
        }
    };
}

pub(crate) use rules;
