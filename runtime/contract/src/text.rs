//! Static text and static slices with a layout that doesn't depend on rustc's version.

use core::fmt;
use core::slice;

/// Static UTF-8 text.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pointer: *const u8,
    length: usize,
}

// SAFETY: a `Str` is only made from `&'static str`, which is both.
unsafe impl Send for Str {}
// SAFETY: as above.
unsafe impl Sync for Str {}

impl Str {
    /// The empty text.
    pub const EMPTY: Str = Str::new("");

    /// Wraps static text.
    pub const fn new(text: &'static str) -> Self {
        Self {
            pointer: text.as_ptr(),
            length: text.len(),
        }
    }

    /// The text. Libraries are never unloaded, which is what makes `'static` true.
    pub const fn as_str(self) -> &'static str {
        // SAFETY: `new` took pointer and length from a `&'static str`.
        unsafe { core::str::from_utf8_unchecked(slice::from_raw_parts(self.pointer, self.length)) }
    }

    /// Whether the text has no bytes. An absent optional text is empty.
    pub const fn is_empty(self) -> bool {
        self.length == 0
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl fmt::Display for Str {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), formatter)
    }
}

/// A static slice.
#[repr(C)]
pub struct List<T: 'static> {
    pointer: *const T,
    length: usize,
}

// SAFETY: a `List` is only made from `&'static [T]`.
unsafe impl<T: Sync> Send for List<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for List<T> {}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<T> {}

impl<T> List<T> {
    /// Wraps a static slice.
    pub const fn new(items: &'static [T]) -> Self {
        Self {
            pointer: items.as_ptr(),
            length: items.len(),
        }
    }

    /// The slice.
    pub const fn as_slice(self) -> &'static [T] {
        // SAFETY: `new` took pointer and length from a `&'static [T]`.
        unsafe { slice::from_raw_parts(self.pointer, self.length) }
    }

    /// Goes through the items in order.
    pub fn iter(self) -> slice::Iter<'static, T> {
        self.as_slice().iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}
