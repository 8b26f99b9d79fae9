//! Loads the engine's library when its first function is called.
//!
//! Most commands never call the engine, and to load 70 MB and bind their symbols takes longer than
//! to check a project in which nothing changed. No linker of Linux puts that off, so each function
//! of the engine that `dbgo` calls is defined here as a jump through a slot: the linker then finds
//! nothing missing, and leaves the library out of what is loaded at the start. A slot leads to
//! [`resolve`] first, which loads the library, fills all slots and goes on with the call; the
//! technique is that of Implib.so (<https://github.com/yugr/Implib.so>).
//!
//! The build script turns this on where it is known to work. A function that the list lacks is
//! linked as usual, and the library is loaded at the start again: `tests/tests/tool/kept.rs`
//! alarms.

use libloading::Library;
use std::arch::naked_asm;
use std::ffi::c_void;
use std::process;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The library as the linker would have named it; it is looked for in the same places.
const LIBRARY: &str = "libduckdb.so";

/// The address of a function.
type Slot = AtomicPtr<c_void>;

macro_rules! functions {
    ($($name:ident,)*) => {
        /// A slot for each function, which has the function's name.
        #[allow(non_upper_case_globals)]
        mod slots {
            $(pub(super) static $name: super::Slot =
                super::Slot::new(super::resolve as *mut std::ffi::c_void);)*
        }

        /// All slots with the names of their functions.
        static SLOTS: &[(&str, &Slot)] = &[$((stringify!($name), &slots::$name),)*];

        $(
            /// Goes on in the library with all arguments where they are. The slot's address is in
            /// a register that no function expects anything in.
            #[unsafe(naked)]
            #[unsafe(no_mangle)]
            extern "C" fn $name() {
                naked_asm!(
                    "lea r11, [rip + {slot}]",
                    "jmp qword ptr [r11]",
                    slot = sym slots::$name,
                )
            }
        )*
    };
}

functions! {
    duckdb_array_type_child_type,
    duckdb_bind_blob,
    duckdb_bind_boolean,
    duckdb_bind_date,
    duckdb_bind_decimal,
    duckdb_bind_double,
    duckdb_bind_float,
    duckdb_bind_hugeint,
    duckdb_bind_int16,
    duckdb_bind_int32,
    duckdb_bind_int64,
    duckdb_bind_int8,
    duckdb_bind_interval,
    duckdb_bind_null,
    duckdb_bind_time,
    duckdb_bind_timestamp,
    duckdb_bind_uhugeint,
    duckdb_bind_uint16,
    duckdb_bind_uint32,
    duckdb_bind_uint64,
    duckdb_bind_uint8,
    duckdb_bind_varchar_length,
    duckdb_clear_bindings,
    duckdb_close,
    duckdb_column_count,
    duckdb_column_logical_type,
    duckdb_column_name,
    duckdb_connect,
    duckdb_create_config,
    duckdb_data_chunk_get_size,
    duckdb_data_chunk_to_arrow,
    duckdb_destroy_arrow_options,
    duckdb_destroy_config,
    duckdb_destroy_data_chunk,
    duckdb_destroy_error_data,
    duckdb_destroy_extracted,
    duckdb_destroy_logical_type,
    duckdb_destroy_prepare,
    duckdb_destroy_result,
    duckdb_disconnect,
    duckdb_error_data_error_type,
    duckdb_error_data_has_error,
    duckdb_error_data_message,
    duckdb_execute_prepared,
    duckdb_extract_statements,
    duckdb_extract_statements_error,
    duckdb_fetch_chunk,
    duckdb_free,
    duckdb_get_type_id,
    duckdb_interrupt,
    duckdb_library_version,
    duckdb_list_type_child_type,
    duckdb_map_type_key_type,
    duckdb_map_type_value_type,
    duckdb_nparams,
    duckdb_open_ext,
    duckdb_prepare_error,
    duckdb_prepare_extracted_statement,
    duckdb_prepared_statement_column_count,
    duckdb_prepared_statement_column_logical_type,
    duckdb_prepared_statement_type,
    duckdb_query,
    duckdb_result_error,
    duckdb_result_get_arrow_options,
    duckdb_rows_changed,
    duckdb_set_config,
    duckdb_struct_type_child_count,
    duckdb_struct_type_child_type,
    duckdb_to_arrow_schema,
    duckdb_union_type_member_count,
    duckdb_union_type_member_type,
}

/// Where each slot leads until the library is loaded. All registers that may hold an argument are
/// kept (System V ABI, AMD64 supplement, 3.2.3), and the stack is aligned to 16 bytes at the call:
/// 8 bytes for the return address, 8 registers of 8 bytes, and 136 bytes.
#[unsafe(naked)]
unsafe extern "C" fn resolve() {
    naked_asm!(
        "push rdi",
        "push rsi",
        "push rdx",
        "push rcx",
        "push r8",
        "push r9",
        "push rax",
        "push r11",
        "sub rsp, 136",
        "movups [rsp], xmm0",
        "movups [rsp + 16], xmm1",
        "movups [rsp + 32], xmm2",
        "movups [rsp + 48], xmm3",
        "movups [rsp + 64], xmm4",
        "movups [rsp + 80], xmm5",
        "movups [rsp + 96], xmm6",
        "movups [rsp + 112], xmm7",
        "call {load}",
        "movups xmm0, [rsp]",
        "movups xmm1, [rsp + 16]",
        "movups xmm2, [rsp + 32]",
        "movups xmm3, [rsp + 48]",
        "movups xmm4, [rsp + 64]",
        "movups xmm5, [rsp + 80]",
        "movups xmm6, [rsp + 96]",
        "movups xmm7, [rsp + 112]",
        "add rsp, 136",
        "pop r11",
        "pop rax",
        "pop r9",
        "pop r8",
        "pop rcx",
        "pop rdx",
        "pop rsi",
        "pop rdi",
        "jmp qword ptr [r11]",
        load = sym load,
    )
}

/// Loads the library, once, and fills the slots; ends the process if it can't.
extern "C" fn load() {
    static LOADED: Once = Once::new();
    LOADED.call_once(|| {
        if let Err(error) = fill() {
            eprintln!("error: the engine's library `{LIBRARY}` can't be loaded: {error}");
            eprintln!("hint: it lies beside `dbgo`, or in a folder that `LD_LIBRARY_PATH` names");
            // A function of C called this: there is no way back to somebody who could hear of it.
            process::exit(2);
        }
    });
}

fn fill() -> Result<(), libloading::Error> {
    // SAFETY: the library is the one that `dbgo` was linked with, whose initialization has no
    // preconditions.
    let library = unsafe { Library::new(LIBRARY) }?;
    let mut found = Vec::with_capacity(SLOTS.len());
    for (name, slot) in SLOTS {
        // SAFETY: each name is that of a function, whose address is only jumped to.
        let function = unsafe { library.get::<*mut c_void>(name.as_bytes()) }?;
        found.push((slot, *function));
    }
    // The addresses are good for as long as the process lives.
    std::mem::forget(library);
    for (slot, function) in found {
        slot.store(function, Ordering::Release);
    }
    Ok(())
}
