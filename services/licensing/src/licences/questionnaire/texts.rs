//! The questions in words, in the order in which they are asked.

use platform::text::Text;

/// Key, question and help in Polish and in English.
type Asked = (&'static str, [&'static str; 2], [&'static str; 2]);

const TEXTS: &[Asked] = &[
    (
        "other_applications",
        [
            "Czy z nowej instancji MS SQL będą korzystać inne aplikacje niż AutoStacja?",
            "Will applications other than AutoStacja use the new MS SQL instance?",
        ],
        [
            "Licencja Runtime jest tylko dla AutoStacji. Liczą się wszystkie bazy na instancji, także raportowe.",
            "The Runtime licence is for AutoStacja only. All databases on the instance count, those for reports too.",
        ],
    ),
    (
        "target_version",
        [
            "Która wersja MS SQL Server ma być zainstalowana?",
            "Which version of MS SQL Server is to be installed?",
        ],
        [
            "Nowsza wersja ma dłuższe wsparcie i wyższe limity edycji.",
            "A newer version has longer support and higher limits of the edition.",
        ],
    ),
    (
        "virtual_machine",
        [
            "Czy instancja będzie działać na maszynie wirtualnej?",
            "Will the instance run on a virtual machine?",
        ],
        [
            "Maszynę wirtualną licencjonuje się według jej rdzeni wirtualnych.",
            "A virtual machine is licensed by its virtual cores.",
        ],
    ),
    (
        "cores",
        ["Ile rdzeni fizycznych ma serwer?", "How many physical cores has the server?"],
        [
            "Razem we wszystkich procesorach, bez wątków (Hyper-Threading).",
            "In all processors together, threads (Hyper-Threading) not counted.",
        ],
    ),
    (
        "processors",
        ["Ile procesorów fizycznych ma serwer?", "How many physical processors has the server?"],
        ["Liczba obsadzonych gniazd.", "The number of sockets in use."],
    ),
    (
        "virtual_cores",
        ["Ile rdzeni wirtualnych ma maszyna wirtualna?", "How many virtual cores has the virtual machine?"],
        ["Przydzielonych maszynie z instancją.", "Those given to the machine with the instance."],
    ),
    (
        "memory_gb",
        [
            "Ile pamięci ma serwer lub maszyna wirtualna (GB)?",
            "How much memory has the server or virtual machine (GB)?",
        ],
        ["Edycja Standard ma limit pamięci.", "Standard edition has a limit of memory."],
    ),
    (
        "users",
        [
            "Ilu imiennych użytkowników będzie korzystać z bazy?",
            "How many named users will use the database?",
        ],
        [
            "Osoby, nie konta działające jednocześnie.",
            "People, not accounts that are in use at the same time.",
        ],
    ),
    (
        "indirect_users",
        ["Ilu dalszych użytkowników korzysta z niej pośrednio?", "How many further users use it indirectly?"],
        [
            "Przez inny system, na przykład portal lub raporty. 0, jeśli nikt.",
            "Through another system, a portal or reports for instance. 0 if nobody does.",
        ],
    ),
    (
        "devices",
        ["Z ilu urządzeń będzie używana?", "From how many devices will it be used?"],
        ["Komputery, terminale, skanery.", "Computers, terminals, scanners."],
    ),
    (
        "indirect_devices",
        ["Ile dalszych urządzeń korzysta z niej pośrednio?", "How many further devices use it indirectly?"],
        ["Przez inny system. 0, jeśli żadne.", "Through another system. 0 if none does."],
    ),
    (
        "mixed_cals",
        [
            "Czy część osób ma mieć własny CAL, a pozostałe korzystać ze wspólnych urządzeń?",
            "Shall some people have a CAL of their own and the others share devices?",
        ],
        [
            "Bywa taniej, gdy część osób pracuje na zmiany przy tych samych urządzeniach.",
            "It can be cheaper where people work in shifts on the same devices.",
        ],
    ),
    (
        "mix_users",
        ["Ile osób ma mieć własny CAL?", "How many people shall have a CAL of their own?"],
        ["Nie więcej niż wszystkich użytkowników.", "No more than there are users."],
    ),
    (
        "mix_devices",
        ["Z ilu urządzeń korzystają wszystkie pozostałe osoby?", "How many devices do all the others use?"],
        ["Nie więcej niż wszystkich urządzeń.", "No more than there are devices."],
    ),
    (
        "windows_version",
        [
            "Która wersja Windows Server ma być zainstalowana?",
            "Which version of Windows Server is to be installed?",
        ],
        ["Wariant wymaga licencji Windows Server.", "The variant demands a licence of Windows Server."],
    ),
    (
        "host_cores",
        [
            "Ile rdzeni fizycznych ma host maszyny wirtualnej?",
            "How many physical cores has the host of the virtual machine?",
        ],
        [
            "Windows Server licencjonuje się według rdzeni fizycznych hosta.",
            "Windows Server is licensed by the physical cores of the host.",
        ],
    ),
    (
        "host_processors",
        [
            "Ile procesorów fizycznych ma host maszyny wirtualnej?",
            "How many physical processors has the host of the virtual machine?",
        ],
        ["Liczba obsadzonych gniazd.", "The number of sockets in use."],
    ),
    (
        "existing.sql_version",
        [
            "Czy firma ma licencje MS SQL Server, których może tu użyć, i w której wersji?",
            "Does the company own MS SQL Server licences that it can use here, and of which version?",
        ],
        [
            "Pełne licencje, nie Runtime. Liczą się w wersji nowej instancji lub nowszej.",
            "Full licences, not Runtime. They count where they are of the new instance's version or newer.",
        ],
    ),
    (
        "existing.sql_cores",
        ["Na ile rdzeni są te licencje MS SQL?", "For how many cores are these MS SQL licences?"],
        ["0, jeśli nie są na rdzenie.", "0 if they are not per core."],
    ),
    (
        "existing.sql_servers",
        ["Ile jest licencji serwerowych MS SQL?", "How many MS SQL server licences are there?"],
        ["0, jeśli są na rdzenie.", "0 if they are per core."],
    ),
    (
        "existing.sql_user_cals",
        ["Ile jest CAL MS SQL na użytkownika?", "How many MS SQL user CALs are there?"],
        ["0, jeśli ich nie ma.", "0 if there are none."],
    ),
    (
        "existing.sql_device_cals",
        ["Ile jest CAL MS SQL na urządzenie?", "How many MS SQL device CALs are there?"],
        ["0, jeśli ich nie ma.", "0 if there are none."],
    ),
    (
        "existing.windows_version",
        [
            "Czy firma ma licencje Windows Server, których może tu użyć, i w której wersji?",
            "Does the company own Windows Server licences that it can use here, and of which version?",
        ],
        [
            "Liczą się w wersji nowego systemu lub nowszej.",
            "They count where they are of the new system's version or newer.",
        ],
    ),
    (
        "existing.windows_cores",
        [
            "Na ile rdzeni są te licencje Windows Server?",
            "For how many cores are these Windows Server licences?",
        ],
        ["0, jeśli są tylko CAL.", "0 if there are CALs only."],
    ),
    (
        "existing.windows_user_cals",
        ["Ile jest CAL Windows Server na użytkownika?", "How many Windows Server user CALs are there?"],
        ["0, jeśli ich nie ma.", "0 if there are none."],
    ),
    (
        "existing.windows_device_cals",
        ["Ile jest CAL Windows Server na urządzenie?", "How many Windows Server device CALs are there?"],
        ["0, jeśli ich nie ma.", "0 if there are none."],
    ),
];

/// Key, question and help of each question.
pub(super) fn texts() -> Vec<(&'static str, Text, Text)> {
    TEXTS.iter().map(|(key, question, help)| (*key, text(*question), text(*help))).collect()
}

pub(super) fn nothing_owned() -> Text {
    text(["nie ma", "there are none"])
}

pub(super) fn no_and_yes() -> (Text, Text) {
    (text(["nie", "no"]), text(["tak", "yes"]))
}

fn text([pl, en]: [&str; 2]) -> Text {
    Text { pl: pl.to_owned(), en: en.to_owned() }
}
