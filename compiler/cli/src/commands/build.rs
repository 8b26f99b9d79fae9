//! `dbgo build`
