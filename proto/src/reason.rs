//! The one table of error reasons: status codes and the texts a person reads.

use tonic::Code;

use crate::common::v1::ErrorReason;

/// What follows from a reason, in both APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    pub grpc: Code,
    pub http: u16,
    /// The same request may succeed a little later: RetryInfo and Retry-After are sent.
    pub retry: bool,
    pub en: &'static str,
    pub pl: &'static str,
}

impl Spec {
    const fn retried(mut self) -> Self {
        self.retry = true;
        self
    }
}

const fn spec(grpc: Code, http: u16, en: &'static str, pl: &'static str) -> Spec {
    Spec { grpc, http, retry: false, en, pl }
}

/// A rule that another value would keep.
const fn rule(en: &'static str, pl: &'static str) -> Spec {
    spec(Code::FailedPrecondition, 422, en, pl)
}

/// A rule that only another state of the project would keep.
const fn state(en: &'static str, pl: &'static str) -> Spec {
    spec(Code::FailedPrecondition, 409, en, pl)
}

impl ErrorReason {
    /// The name that travels on the wire: upper snake case without the enum's prefix.
    pub fn name(self) -> &'static str {
        self.as_str_name().trim_start_matches("ERROR_REASON_")
    }

    /// Looks a reason up by the name that travels on the wire.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::from_str_name(&format!("ERROR_REASON_{name}"))
    }

    /// Codes and texts. Numbers of days are policy, so the texts name none.
    pub const fn spec(self) -> Spec {
        use ErrorReason as R;
        match self {
            R::OccurredAtInvalid => spec(
                Code::InvalidArgument,
                422,
                "The time given lies in the future or before the step before it.",
                "Podany czas leży w przyszłości albo przed poprzednim krokiem.",
            ),
            R::ContractRequired => state(
                "The day on which the contract was signed has not been recorded.",
                "Nie zapisano jeszcze dnia podpisania kontraktu.",
            ),
            R::ContactsRequired => state(
                "A technical and a decision contact with working e-mail addresses are needed first.",
                "Najpierw trzeba wskazać osobę techniczną i decyzyjną z działającymi adresami e-mail.",
            ),
            R::VariantRequired => {
                state("The variant has not been chosen.", "Nie wybrano jeszcze wariantu realizacji.")
            }
            R::VariantFrozen => state(
                "The variant cannot be changed at this point, or not by you.",
                "Na tym etapie nie można zmienić wariantu albo nie może tego zrobić ta osoba.",
            ),
            R::LicenceRequired => state(
                "A licence that the variant demands is not chosen or not in place.",
                "Licencja wymagana przez wariant nie została wybrana lub nie jest jeszcze potwierdzona.",
            ),
            R::RuntimeOnlyAutostacja => rule(
                "The Runtime licence is only for an instance that AutoStacja alone uses.",
                "Licencja Runtime jest tylko dla instancji, z której korzysta wyłącznie AutoStacja.",
            ),
            R::OfferForClientsOnly => rule(
                "The special offer is for existing SOFTVIG clients, within its dates and quantity.",
                "Oferta specjalna jest dla obecnych klientów SOFTVIG, w jej terminie i do wyczerpania puli.",
            ),
            R::DatesAgreedJointly => state(
                "A date is agreed by both parties, each by somebody who may decide.",
                "Termin ustalają wspólnie obie strony, każda przez osobę uprawnioną do decyzji.",
            ),
            R::DateInPast => rule("The date lies in the past.", "Termin leży w przeszłości."),
            R::DateInvalid => spec(
                Code::InvalidArgument,
                422,
                "The date does not exist, or its form does not fit the stage.",
                "Taki termin nie istnieje albo jego forma nie pasuje do etapu.",
            ),
            R::ReadinessBuffer => rule(
                "The readiness day is too soon after the contract was signed.",
                "Termin gotowości jest zbyt wcześnie po podpisaniu kontraktu.",
            ),
            R::Audit1Buffer => rule(
                "Audit 1 is too soon after readiness was declared.",
                "Audyt I jest zbyt wcześnie po zgłoszeniu gotowości.",
            ),
            R::Audit2Buffer => rule(
                "Audit 2 is not within the days allowed after audit 1 passed.",
                "Audyt II nie mieści się w dniach dozwolonych po zaliczeniu audytu I.",
            ),
            R::MigrationBuffer => rule(
                "The migration is too soon after audit 2 passed.",
                "Migracja jest zbyt wcześnie po zaliczeniu audytu II.",
            ),
            R::RepeatBuffer => rule(
                "The repeated audit is too soon after the failed one.",
                "Powtórny audyt jest zbyt wcześnie po niezaliczonym.",
            ),
            R::AuditOnBusinessDay => rule(
                "An audit takes place on a business day, within SOFTVIG's working hours.",
                "Audyt odbywa się w dniu roboczym, w godzinach pracy SOFTVIG.",
            ),
            R::DateMissed => state(
                "The agreed date passed before the work began.",
                "Ustalony termin minął, zanim rozpoczęto prace.",
            ),
            R::OverrideNotAllowed => rule(
                "This rule cannot be overridden, or not by you.",
                "Od tej zasady nie ma odstępstwa albo nie może go udzielić ta osoba.",
            ),
            R::ReadinessConditions => {
                state("A condition of readiness is not confirmed.", "Nie potwierdzono warunku gotowości.")
            }
            R::AuditLocked => state(
                "The audit cannot be carried out now: its stage, its day or its attempt is not open.",
                "Audytu nie można teraz prowadzić: etap, dzień albo podejście nie jest otwarte.",
            ),
            R::NotWaivable => rule("This item cannot be waived.", "Od tego punktu nie można odstąpić."),
            R::AuditIncomplete => state(
                "An item of the checklist has neither a value nor a waiver.",
                "Punkt listy kontrolnej nie ma ani wyniku, ani odstępstwa.",
            ),
            R::EvidenceStale => state(
                "A measurement is too old and must be taken again.",
                "Pomiar jest nieaktualny i trzeba go powtórzyć.",
            ),
            R::OutsideWorkingHours => rule(
                "The migration window touches working hours or a holiday, or is too short.",
                "Okno migracji zachodzi na godziny pracy lub święto albo jest za krótkie.",
            ),
            R::NoFreeWindow => rule(
                "No window outside working hours is long enough; the company can enter a closure.",
                "Żadne okno poza godzinami pracy nie jest dość długie; firma może wpisać dzień zamknięcia.",
            ),
            R::SystemsNotStopped => state(
                "A system or cooperating application is not confirmed as stopped.",
                "Nie potwierdzono zatrzymania systemu lub współpracującej aplikacji.",
            ),
            R::RunOutsideWindow => state(
                "The run does not fit into the agreed window.",
                "Migracja nie zmieści się w ustalonym oknie.",
            ),
            R::RollbackClosed => {
                state("A finished migration is not rolled back.", "Zakończonej migracji nie można wycofać.")
            }
            R::IntegrationsNextBusinessDay => state(
                "A manufacturer integration comes back on the next business day, not earlier.",
                "Sprzęg koncernowy wraca następnego dnia roboczego, nie wcześniej.",
            ),
            R::ProtocolSignedByBoth => state(
                "The protocol is signed by the decision contact and by SOFTVIG.",
                "Protokół podpisują osoba decyzyjna i SOFTVIG.",
            ),
            R::CancelDuringRun => state(
                "A project is not cancelled during a migration: finish it or roll it back first.",
                "Nie można anulować projektu w trakcie migracji: najpierw ją zakończ albo wycofaj.",
            ),
            R::StageLocked => state(
                "The stage is not unlocked yet, or already over.",
                "Etap nie jest jeszcze odblokowany albo już się zakończył.",
            ),
            R::ProjectClosed => {
                state("The project is completed or cancelled.", "Projekt jest zakończony lub anulowany.")
            }
            R::OneOpenProject => {
                state("The company already has an open project.", "Firma ma już otwarty projekt.")
            }

            R::Unauthenticated => {
                spec(Code::Unauthenticated, 401, "A valid token is needed.", "Potrzebny jest ważny token.")
            }
            R::PermissionDenied => spec(
                Code::PermissionDenied,
                403,
                "Your role does not allow this.",
                "Twoja rola na to nie pozwala.",
            ),
            R::NotFound => spec(Code::NotFound, 404, "There is no such thing.", "Nie ma takiego zasobu."),
            R::InvalidArgument => spec(
                Code::InvalidArgument,
                400,
                "A field is missing, malformed or out of range.",
                "Brakuje pola albo jego wartość jest nieprawidłowa.",
            ),
            R::EtagMismatch => spec(
                Code::Aborted,
                412,
                "It was changed since you read it: read it again.",
                "Zmieniono to od czasu odczytu: odczytaj ponownie.",
            ),
            R::Conflict => spec(
                Code::Aborted,
                409,
                "Somebody else changed it at the same time.",
                "Ktoś inny zmienił to w tej samej chwili.",
            )
            .retried(),
            R::RequestIdReused => spec(
                Code::InvalidArgument,
                422,
                "This request id was already used for another request.",
                "Ten identyfikator żądania został już użyty w innym żądaniu.",
            ),
            R::PageTokenInvalid => spec(
                Code::InvalidArgument,
                400,
                "The page token does not belong to this query: start from the first page.",
                "Token strony nie należy do tego zapytania: zacznij od pierwszej strony.",
            ),
            R::WatchTokenInvalid => spec(
                Code::OutOfRange,
                410,
                "The watch token is no longer valid: list, then watch from the token in the list.",
                "Token obserwacji stracił ważność: pobierz listę i obserwuj od tokenu z listy.",
            ),
            R::TooLarge => {
                spec(Code::ResourceExhausted, 413, "The request is too large.", "Żądanie jest za duże.")
            }
            R::Unavailable => spec(
                Code::Unavailable,
                503,
                "A part of the service is away for the moment: try again.",
                "Część usługi jest chwilowo niedostępna: spróbuj ponownie.",
            )
            .retried(),
            R::NotInThisBuild => spec(
                Code::Unimplemented,
                501,
                "This build of the server was made without this part.",
                "Ta kompilacja serwera nie zawiera tej części.",
            ),
            R::RateLimited => spec(
                Code::ResourceExhausted,
                429,
                "Too many requests or open streams of this caller.",
                "Za dużo żądań lub otwartych strumieni tego użytkownika.",
            )
            .retried(),
            // Unspecified is never sent on purpose, so sending it is a fault of ours.
            R::Internal | R::Unspecified => spec(
                Code::Internal,
                500,
                "Something went wrong on our side.",
                "Coś poszło nie tak po naszej stronie.",
            ),
        }
    }
}
