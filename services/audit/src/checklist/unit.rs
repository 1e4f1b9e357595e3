//! Units that mean the same: a value in one of them is kept in the checklist's.

/// Units of one quantity, each with its size in the smallest. Sizes of memory and of drives are what Windows and SQL
/// Server call so: their GB is a GiB.
const QUANTITIES: [&[(&str, f64)]; 4] = [
    &[
        ("B", 1.0),
        ("KB", 1024.0),
        ("KiB", 1024.0),
        ("MB", 1_048_576.0),
        ("MiB", 1_048_576.0),
        ("GB", 1_073_741_824.0),
        ("GiB", 1_073_741_824.0),
        ("TB", 1_099_511_627_776.0),
        ("TiB", 1_099_511_627_776.0),
    ],
    &[("Hz", 1.0), ("kHz", 1e3), ("MHz", 1e6), ("GHz", 1e9)],
    &[("us", 1.0), ("µs", 1.0), ("ms", 1e3), ("s", 1e6), ("min", 60e6), ("h", 3_600e6), ("d", 86_400e6)],
    &[("kbit/s", 1.0), ("Mbit/s", 1e3), ("Gbit/s", 1e6)],
];

/// `number`, stated in `from`, in the unit `to`; nothing if one cannot be converted into the other.
pub fn convert(number: f64, from: &str, to: &str) -> Option<f64> {
    if from == to {
        return Some(number);
    }
    let size = |quantity: &[(&str, f64)], unit: &str| {
        quantity.iter().find(|(name, _)| *name == unit).map(|(_, size)| *size)
    };
    let sizes = |quantity: &&[(&str, f64)]| Some((size(quantity, from)?, size(quantity, to)?));
    QUANTITIES.iter().find_map(sizes).map(|(from, to)| number * from / to)
}

/// The units that are accepted beside this one.
pub fn others(unit: &str) -> impl Iterator<Item = &'static str> {
    let quantity = QUANTITIES.into_iter().find(|quantity| quantity.iter().any(|(name, _)| *name == unit));
    quantity.into_iter().flatten().map(|(name, _)| *name).filter(move |name| *name != unit)
}
