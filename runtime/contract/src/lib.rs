#![no_std]
//! dbgo.
