//! Directories to serve.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A directory to serve in `public/`, and a place beside it for what must never be served.
pub(crate) struct Tree(TempDir);

impl Tree {
    pub(crate) fn new() -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        fs::create_dir(tree.public()).unwrap();
        tree
    }

    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let tree = Self::new();
        for (name, content) in files {
            tree.write(name, content);
        }
        tree
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn public(&self) -> PathBuf {
        self.path().join("public")
    }

    pub(crate) fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.public().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// A file of blocks that all differ.
    pub(crate) fn write_blocks(&self, name: &str, count: u64) {
        let mut file = fs::File::create(self.public().join(name)).unwrap();
        let mut block = Block::new();
        for number in 0..count {
            file.write_all(block.number(number)).unwrap();
        }
    }
}

/// One of the blocks that a large file is made of.
pub(crate) struct Block(Vec<u8>);

impl Block {
    pub(crate) const LENGTH: u64 = 1 << 16;

    pub(crate) fn new() -> Self {
        Self((0..Self::LENGTH).map(|at| (at % 251) as u8).collect())
    }

    pub(crate) fn number(&mut self, number: u64) -> &[u8] {
        self.0[..8].copy_from_slice(&number.to_le_bytes());
        &self.0
    }
}
