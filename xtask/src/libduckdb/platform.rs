//! The machines for which a prebuilt library exists.

/// A machine: what its library is called and which package holds it.
#[derive(Clone, Debug)]
pub struct Platform {
    /// The last part of the npm package's name.
    pub npm: &'static str,
    /// The hash that npm states for the package's archive, in the form of Subresource Integrity.
    pub integrity: &'static str,
    /// The library's file name.
    pub file: &'static str,
    /// The format of the library.
    pub format: Format,
}

/// The format of a library, as far as it tells for which machine the library is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// ELF with this number of a processor (`e_machine` of the System V ABI, little-endian).
    Elf(u16),
    /// Mach-O for 64-bit ARM, alone or as a part of a universal file.
    MachO,
}

/// All machines. The hashes are those of the packages' version 1.5.5-r.5.
const PLATFORMS: [Platform; 3] = [
    Platform {
        npm: "linux-x64",
        integrity: "sha512-kCyq6BXhn6QXfwF8yVdVKriSSHP+rfVWcJ56cG8qZzlOZpxyvT5WGm6jMshxg4ditLlOsHsIN/D47RYrcjXuHQ==",
        file: "libduckdb.so",
        format: Format::Elf(62),
    },
    Platform {
        npm: "linux-arm64",
        integrity: "sha512-CafH2AIvXtpwDynG3KB/4uEOHRGlFoB7auCRMIwH3BKNIobsANV5LSpDJ3tfyRCFIsK6e8AT1eseWVnu2Dv3cw==",
        file: "libduckdb.so",
        format: Format::Elf(183),
    },
    Platform {
        npm: "darwin-arm64",
        integrity: "sha512-WJdeLTFy4pRg60rkbp9smtlP1iIQ8ErtIJkxS+2LQtM1ZZMSByyW+3WPpNoKe7IwPtVl2fLlPw7tDmQW4Z974g==",
        file: "libduckdb.dylib",
        format: Format::MachO,
    },
];

impl Platform {
    /// The machine that this program was compiled for, or nothing if there is no library for it.
    pub fn current() -> Option<Platform> {
        let npm = if cfg!(all(
            target_os = "linux",
            target_env = "gnu",
            target_arch = "x86_64"
        )) {
            "linux-x64"
        } else if cfg!(all(
            target_os = "linux",
            target_env = "gnu",
            target_arch = "aarch64"
        )) {
            "linux-arm64"
        } else if cfg!(all(target_os = "macos", target_arch = "aarch64")) {
            "darwin-arm64"
        } else {
            return None;
        };
        Platform::named(npm)
    }

    /// The machine with this name in npm's packages.
    pub fn named(npm: &str) -> Option<Platform> {
        PLATFORMS.into_iter().find(|platform| platform.npm == npm)
    }
}
