//! The ten seeds: 1,000 rows each, the same bytes in every run.

/// How many rows each seed has.
pub const ROWS: u32 = 1000;

/// A column of a seed: its name, and its type as the engine writes it.
pub type Column = (&'static str, &'static str);

/// What a seed holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Customers,
    Products,
    Orders,
    Payments,
}

impl Kind {
    /// The columns in the file's order.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Kind::Customers => &[
                ("customer_id", "BIGINT"),
                ("name", "VARCHAR"),
                ("country", "VARCHAR"),
                ("signed_up_on", "DATE"),
            ],
            Kind::Products => &[
                ("product_id", "BIGINT"),
                ("title", "VARCHAR"),
                ("category", "VARCHAR"),
                ("price", "DECIMAL(18,2)"),
            ],
            Kind::Orders => &[
                ("order_id", "BIGINT"),
                ("customer_id", "BIGINT"),
                ("product_id", "BIGINT"),
                ("quantity", "BIGINT"),
                ("ordered_on", "DATE"),
                ("status", "VARCHAR"),
            ],
            Kind::Payments => &[
                ("payment_id", "BIGINT"),
                ("order_id", "BIGINT"),
                ("amount", "DECIMAL(18,2)"),
                ("method", "VARCHAR"),
                ("paid_at", "TIMESTAMP"),
            ],
        }
    }
}

/// A seed of the project.
#[derive(Clone, Copy, Debug)]
pub struct Seed {
    /// The file's stem and the relation's name.
    pub name: &'static str,
    pub kind: Kind,
}

/// All seeds.
pub const SEEDS: [Seed; 10] = [
    Seed {
        name: "customers_eu",
        kind: Kind::Customers,
    },
    Seed {
        name: "customers_us",
        kind: Kind::Customers,
    },
    Seed {
        name: "products_toys",
        kind: Kind::Products,
    },
    Seed {
        name: "products_books",
        kind: Kind::Products,
    },
    Seed {
        name: "orders_2023",
        kind: Kind::Orders,
    },
    Seed {
        name: "orders_2024",
        kind: Kind::Orders,
    },
    Seed {
        name: "orders_2025",
        kind: Kind::Orders,
    },
    Seed {
        name: "payments_2023",
        kind: Kind::Payments,
    },
    Seed {
        name: "payments_2024",
        kind: Kind::Payments,
    },
    Seed {
        name: "payments_2025",
        kind: Kind::Payments,
    },
];

impl Seed {
    /// The file with its header line.
    pub fn csv(&self) -> String {
        let names: Vec<&str> = self.kind.columns().iter().map(|(name, _)| *name).collect();
        let mut text = names.join(",") + "\n";
        // Another sequence for each seed, so that no two have the same rows.
        let mut numbers = Numbers(self.name.bytes().map(u64::from).sum());
        for row in 1..=ROWS {
            text.push_str(&self.line(row, &mut numbers));
            text.push('\n');
        }
        text
    }

    fn line(&self, row: u32, numbers: &mut Numbers) -> String {
        const COUNTRIES: [&str; 6] = ["at", "ch", "de", "fr", "it", "us"];
        const CATEGORIES: [&str; 5] = ["craft", "fiction", "games", "garden", "outdoor"];
        const STATES: [&str; 4] = ["cancelled", "open", "returned", "shipped"];
        const METHODS: [&str; 3] = ["card", "coupon", "transfer"];
        let mut pick = |words: &[&'static str]| words[numbers.below(words.len() as u32) as usize];
        match self.kind {
            Kind::Customers => {
                let country = pick(&COUNTRIES);
                format!("{row},customer {row},{country},{}", numbers.date())
            }
            Kind::Products => {
                let category = pick(&CATEGORIES);
                format!("{row},product {row},{category},{}", numbers.money())
            }
            Kind::Orders => {
                let status = pick(&STATES);
                let (customer, product) = (numbers.below(ROWS) + 1, numbers.below(ROWS) + 1);
                format!(
                    "{row},{customer},{product},{},{},{status}",
                    numbers.below(9) + 1,
                    numbers.date()
                )
            }
            Kind::Payments => {
                let method = pick(&METHODS);
                let order = numbers.below(ROWS) + 1;
                let (hour, minute) = (numbers.below(24), numbers.below(60));
                format!(
                    "{row},{order},{},{method},{} {hour:02}:{minute:02}:00",
                    numbers.money(),
                    numbers.date()
                )
            }
        }
    }
}

/// A fixed sequence of numbers: the linear congruential generator of Knuth's MMIX, whose high bits are good enough to
/// spread rows.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32 % bound
    }

    fn date(&mut self) -> String {
        format!("2024-{:02}-{:02}", self.below(12) + 1, self.below(28) + 1)
    }

    fn money(&mut self) -> String {
        format!("{}.{:02}", self.below(900) + 1, self.below(100))
    }
}
