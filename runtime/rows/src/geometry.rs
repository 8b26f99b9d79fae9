//! `GEOMETRY`.

use std::fmt;

use crate::float_text::write_coordinate;

/// A geometry as well-known binary (OGC 06-103r4, with the ISO numbers 1000,
/// 2000 and 3000 for Z, M and ZM), the form in which the engine hands it out.
///
/// `Display` writes well-known text as the engine does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Geometry(pub Vec<u8>);

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let mut reader = Reader { bytes: &self.0 };
        match reader.geometry(&mut text, 0) {
            Some(()) => f.write_str(&text),
            // not well-known binary: show the bytes instead of failing
            None => fmt::Display::fmt(&crate::Blob(self.0.clone()), f),
        }
    }
}

/// Deeper collections are shown as bytes; the engine nests no deeper.
const MAX_DEPTH: usize = 16;

struct Reader<'a> {
    bytes: &'a [u8],
}

struct Header {
    little_endian: bool,
    kind: u32,
    dimensions: usize,
    suffix: &'static str,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = tail;
        Some(*head)
    }

    fn integer(&mut self, little_endian: bool) -> Option<u32> {
        let bytes = self.take::<4>()?;
        Some(if little_endian {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }

    fn number(&mut self, little_endian: bool) -> Option<f64> {
        let bytes = self.take::<8>()?;
        Some(if little_endian {
            f64::from_le_bytes(bytes)
        } else {
            f64::from_be_bytes(bytes)
        })
    }

    fn header(&mut self) -> Option<Header> {
        let little_endian = self.take::<1>()?[0] == 1;
        let code = self.integer(little_endian)?;
        let (dimensions, suffix) = match code / 1000 {
            0 => (2, ""),
            1 => (3, " Z"),
            2 => (3, " M"),
            3 => (4, " ZM"),
            _ => return None,
        };
        Some(Header {
            little_endian,
            kind: code % 1000,
            dimensions,
            suffix,
        })
    }

    fn geometry(&mut self, text: &mut String, depth: usize) -> Option<()> {
        let header = self.header()?;
        let name = match header.kind {
            1 => "POINT",
            2 => "LINESTRING",
            3 => "POLYGON",
            4 => "MULTIPOINT",
            5 => "MULTILINESTRING",
            6 => "MULTIPOLYGON",
            7 => "GEOMETRYCOLLECTION",
            _ => return None,
        };
        text.push_str(name);
        text.push_str(header.suffix);
        text.push(' ');
        self.body(&header, text, depth)
    }

    fn body(&mut self, header: &Header, text: &mut String, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match header.kind {
            1 => self.point(header, text, true),
            2 => self.sequence(header, text, |reader, text| {
                reader.point(header, text, false)
            }),
            3 => self.sequence(header, text, |reader, text| {
                reader.sequence(header, text, |reader, text| {
                    reader.point(header, text, false)
                })
            }),
            7 => self.sequence(header, text, |reader, text| {
                reader.geometry(text, depth + 1)
            }),
            // a part of a multi-geometry has a header, which isn't written
            4 => self.sequence(header, text, |reader, text| {
                let part = reader.header()?;
                reader.point_bare(&part, text)
            }),
            _ => self.sequence(header, text, |reader, text| {
                let part = reader.header()?;
                reader.body(&part, text, depth + 1)
            }),
        }
    }

    fn sequence(
        &mut self,
        header: &Header,
        text: &mut String,
        mut part: impl FnMut(&mut Self, &mut String) -> Option<()>,
    ) -> Option<()> {
        let count = self.integer(header.little_endian)?;
        if count == 0 {
            text.push_str("EMPTY");
            return Some(());
        }
        for index in 0..count {
            text.push_str(if index == 0 { "(" } else { ", " });
            part(self, text)?;
        }
        text.push(')');
        Some(())
    }

    fn point_bare(&mut self, header: &Header, text: &mut String) -> Option<()> {
        let mut coordinates = Vec::with_capacity(header.dimensions);
        for _ in 0..header.dimensions {
            coordinates.push(self.number(header.little_endian)?);
        }
        if coordinates.iter().all(|number| number.is_nan()) {
            text.push_str("EMPTY");
            return Some(());
        }
        write_coordinates(text, &coordinates)
    }

    fn point(&mut self, header: &Header, text: &mut String, alone: bool) -> Option<()> {
        if !alone {
            let mut coordinates = Vec::with_capacity(header.dimensions);
            for _ in 0..header.dimensions {
                coordinates.push(self.number(header.little_endian)?);
            }
            return write_coordinates(text, &coordinates);
        }
        let mut inside = String::new();
        self.point_bare(header, &mut inside)?;
        if inside == "EMPTY" {
            text.push_str("EMPTY");
        } else {
            text.push_str(&format!("({inside})"));
        }
        Some(())
    }
}

fn write_coordinates(text: &mut String, coordinates: &[f64]) -> Option<()> {
    for (index, number) in coordinates.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        write_coordinate(text, *number).ok()?;
    }
    Some(())
}
