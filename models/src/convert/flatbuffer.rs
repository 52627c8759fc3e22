//! Just enough of FlatBuffers (flatbuffers.dev/internals) to read a model: tables, vectors, strings.
//! Every offset is checked against the buffer, so damaged input is an error and never a panic.

use std::cell::Cell;
use std::fmt;

/// What is wrong with the bytes that were to be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(pub &'static str);

pub type Result<T> = std::result::Result<T, Broken>;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the model file cannot be converted: {}", self.0)
    }
}

impl std::error::Error for Broken {}

const OUTSIDE: Broken = Broken("an offset points outside the file");

/// The file, and how much may still be read of it: tables may be shared, so a damaged file could otherwise
/// be read over and over for as long as memory lasts.
pub struct Reader<'a> {
    bytes: &'a [u8],
    left: Cell<usize>,
}

impl<'a> Reader<'a> {
    /// Bytes whose file identifier (at offset 4) is `identifier`.
    pub fn new(bytes: &'a [u8], identifier: &[u8; 4]) -> Result<Self> {
        if bytes.get(4..8) != Some(identifier) {
            return Err(Broken("it is not in the ORT format"));
        }
        Ok(Self { bytes, left: Cell::new(bytes.len().saturating_mul(8)) })
    }

    pub fn root(&self) -> Result<Table<'_>> {
        Table::at(self, self.follow(0)?)
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N]> {
        let end = at.checked_add(N).ok_or(OUTSIDE)?;
        self.bytes.get(at..end).and_then(|b| b.try_into().ok()).ok_or(OUTSIDE)
    }

    fn u16(&self, at: usize) -> Result<usize> {
        self.array(at).map(|b| usize::from(u16::from_le_bytes(b)))
    }

    fn u32(&self, at: usize) -> Result<usize> {
        self.array(at).map(|b| u32::from_le_bytes(b) as usize)
    }

    /// Where the offset stored at `at` points.
    fn follow(&self, at: usize) -> Result<usize> {
        at.checked_add(self.u32(at)?).filter(|&to| to < self.bytes.len()).ok_or(OUTSIDE)
    }

    fn charge(&self, bytes: usize) -> Result<()> {
        let left = self.left.get().checked_sub(bytes).ok_or(Broken("it is larger inside than outside"))?;
        self.left.set(left);
        Ok(())
    }
}

/// A table; `field` is everywhere the field's place in the vtable (4, 6, 8 …), as generated code has it.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    reader: &'a Reader<'a>,
    at: usize,
    vtable: usize,
    vtable_bytes: usize,
}

impl<'a> Table<'a> {
    fn at(reader: &'a Reader<'a>, at: usize) -> Result<Self> {
        let back = i32::from_le_bytes(reader.array(at)?);
        let vtable = i64::try_from(at).ok().and_then(|a| usize::try_from(a - i64::from(back)).ok()).ok_or(OUTSIDE)?;
        let vtable_bytes = reader.u16(vtable)?;
        reader.charge(vtable_bytes.max(4))?;
        Ok(Self { reader, at, vtable, vtable_bytes })
    }

    fn slot(&self, field: usize) -> Result<Option<usize>> {
        if field + 2 > self.vtable_bytes {
            return Ok(None);
        }
        let offset = self.reader.u16(self.vtable + field)?;
        Ok((offset != 0).then_some(self.at + offset))
    }

    fn number<const N: usize>(&self, field: usize) -> Result<Option<[u8; N]>> {
        self.slot(field)?.map(|at| self.reader.array(at)).transpose()
    }

    pub fn i8(&self, field: usize) -> Result<i8> {
        Ok(self.number(field)?.map_or(0, i8::from_le_bytes))
    }
    pub fn i32(&self, field: usize) -> Result<i32> {
        Ok(self.number(field)?.map_or(0, i32::from_le_bytes))
    }
    pub fn i64(&self, field: usize) -> Result<i64> {
        Ok(self.number(field)?.map_or(0, i64::from_le_bytes))
    }
    pub fn f32(&self, field: usize) -> Result<f32> {
        Ok(self.number(field)?.map_or(0.0, f32::from_le_bytes))
    }

    pub fn has(&self, field: usize) -> Result<bool> {
        Ok(self.slot(field)?.is_some())
    }

    pub fn table(&self, field: usize) -> Result<Option<Table<'a>>> {
        self.slot(field)?.map(|at| Table::at(self.reader, self.reader.follow(at)?)).transpose()
    }

    /// Like [`Table::table`], for a table that must be there.
    pub fn need(&self, field: usize) -> Result<Table<'a>> {
        self.table(field)?.ok_or(Broken("a part of it is missing"))
    }

    pub fn bytes(&self, field: usize) -> Result<&'a [u8]> {
        let Some(at) = self.slot(field)? else { return Ok(&[]) };
        self.reader.vector(self.reader.follow(at)?, 1)
    }

    pub fn text(&self, field: usize) -> Result<String> {
        text(self.bytes(field)?)
    }

    pub fn tables(&self, field: usize) -> Result<Vec<Table<'a>>> {
        self.offsets(field)?.into_iter().map(|at| Table::at(self.reader, at)).collect()
    }

    pub fn texts(&self, field: usize) -> Result<Vec<String>> {
        self.byte_strings(field)?.into_iter().map(text).collect()
    }

    pub fn byte_strings(&self, field: usize) -> Result<Vec<&'a [u8]>> {
        self.offsets(field)?.into_iter().map(|at| self.reader.vector(at, 1)).collect()
    }

    pub fn i64s(&self, field: usize) -> Result<Vec<i64>> {
        Ok(self.numbers(field)?.into_iter().map(i64::from_le_bytes).collect())
    }

    pub fn f32s(&self, field: usize) -> Result<Vec<f32>> {
        Ok(self.numbers(field)?.into_iter().map(f32::from_le_bytes).collect())
    }

    fn numbers<const N: usize>(&self, field: usize) -> Result<Vec<[u8; N]>> {
        let Some(at) = self.slot(field)? else { return Ok(Vec::new()) };
        let bytes = self.reader.vector(self.reader.follow(at)?, N)?;
        Ok(bytes.as_chunks::<N>().0.to_vec())
    }

    /// Where each element of a vector of offsets points.
    fn offsets(&self, field: usize) -> Result<Vec<usize>> {
        let Some(at) = self.slot(field)? else { return Ok(Vec::new()) };
        let start = self.reader.follow(at)?;
        let count = self.reader.vector(start, 4)?.len() / 4;
        (0..count).map(|i| self.reader.follow(start + 4 + 4 * i)).collect()
    }
}

impl Reader<'_> {
    /// The elements of the vector at `at`, of `size` bytes each, without its length.
    fn vector(&self, at: usize, size: usize) -> Result<&[u8]> {
        let bytes = self.u32(at)?.checked_mul(size).ok_or(OUTSIDE)?;
        self.charge(bytes)?;
        let from = at + 4;
        from.checked_add(bytes).and_then(|to| self.bytes.get(from..to)).ok_or(OUTSIDE)
    }
}

fn text(bytes: &[u8]) -> Result<String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Broken("a name in it is not text"))
}
