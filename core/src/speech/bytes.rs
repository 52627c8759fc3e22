//! Saved state as bytes: little-endian, no names, the stage's revision tells the layout.

use crate::error::{Error, Result};

pub fn put_u32(to: &mut Vec<u8>, v: u32) {
    to.extend_from_slice(&v.to_le_bytes());
}

pub fn put_u64(to: &mut Vec<u8>, v: u64) {
    to.extend_from_slice(&v.to_le_bytes());
}

/// Bytes with their length before them.
pub fn put_bytes(to: &mut Vec<u8>, v: &[u8]) {
    put_u32(to, v.len() as u32);
    to.extend_from_slice(v);
}

/// Takes back what the functions above put.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n).ok_or_else(|| Error::bug("the saved state of voice detection is cut short"))?;
        self.0 = rest;
        Ok(head)
    }
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }
    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }
    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }
    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let n = self.u32()? as usize;
        self.take(n)
    }
}
