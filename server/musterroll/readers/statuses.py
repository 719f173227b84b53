"""The status words of customers' systems, in eight languages, by what they mean here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from musterroll.domain.contracts.terms import ContractState, Payment
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.readers.cells import BadCell, heading_key
from musterroll.readers.fields import Hints


class UnknownWord(BadCell):
    code = "unknown_word"


@dataclass(frozen=True, eq=False)
class Statuses:
    """Reads one of a set of values by its synonyms in customers' systems; `use` names accepted words in the error.

    `may_be_unknown`: a row with another word is read without a status.
    """

    values: Mapping[str, StrEnum]
    use: str
    may_be_unknown: bool = False

    def __call__(self, name: str, cell: str, hints: Hints) -> Any:
        """Raises UnknownWord."""
        value = self.values.get(heading_key(cell))
        if value is None:
            raise UnknownWord(f"the {name} {cell.strip()[:40]!r} is not recognised; use {self.use}")
        return value


def one_of(meanings: Mapping[Any, str], use: str, *, may_be_unknown: bool = False) -> Statuses:
    words = {word: value for value, synonyms in meanings.items() for word in (heading_key(value), *synonyms.split())}
    return Statuses(words, use, may_be_unknown)


class Access(StrEnum):
    """What a status says of seats and the like only: of a device it says nothing about where it is."""

    SUSPENDED = "suspended"


UNITS = {
    Lifecycle.DEPLOYED: (
        "trial trialing intrial ontrial freetrial evaluation testversion essai prueba avaliacao prova proef "
        "deployed installed active live inservice inuse inproduction operational commissioned enabled online running working assigned "
        "deployedassigned checkedout allocated onsite infield operating production provisioned enrolled managed registered good normal ok "
        "installiert inbetrieb imeinsatz eingesetzt aktiv produktiv inverwendung vergeben zugewiesen verliehen ausgegeben inbenutzung "
        "enservice installe actif active enproduction enfonction utilise attribue deploye enutilisation "
        "instalado activo enservicio enuso enproduccion operativo asignado desplegado "
        "ativo emuso emproducao emservico emoperacao implantado atribuido instalada "
        "installato attivo inuso inservizio inproduzione inesercizio assegnato operativo "
        "geinstalleerd actief ingebruik inbedrijf inproductie toegewezen uitgegeven "
        "zainstalowany zainstalowane aktywny aktywne wuzyciu weksploatacji uzywany przypisany wdrozony "
        # Known as under repair, but where it is used: ServiceNow "In Maintenance"
        "inmaintenance undermaintenance maintenance pendingrepair"
    ),
    Lifecycle.STOCK: (
        "stock instock inventory ininventory warehouse inwarehouse available spare readytodeploy deployable pending onorder ordered "
        "instore storage instorage pendinginstall pendingdiagnostics pendingdeployment new unassigned notdeployed purchased received "
        "planned staged ready preordered reserved undeployable inacquisition consumablestock pendinginstallation staging offlinespare "
        "lager imlager auflager verfugbar bestellt lagernd reserve ersatz neu bereit geplant einlagerung "
        "enstock disponible stocke commande encommande nouveau areserver reserve entrepot "
        "enalmacen enexistencias pedido nuevo almacen almacenado "
        "emestoque estoque disponivel encomendado novo armazem "
        "amagazzino inmagazzino magazzino disponibile ordinato nuovo scorta "
        "opvoorraad voorraad beschikbaar besteld magazijn nieuw "
        "wmagazynie magazyn dostepny dostepne zamowiony nowy zapas"
    ),
    Lifecycle.SHIPPED: (
        "invited pendinginvite pendinginvitation invitesent invitationsent eingeladen invite invitado convidado invitato uitgenodigd "
        "shipped intransit ontheway dispatched delivered transit shipping outfordelivery "
        "versendet versandt unterwegs geliefert ausgeliefert intransport "
        "expedie entransit livre envoye encours delivre "
        "enviado entransito despachado entregado "
        "emtransito expedido despachado entregue "
        "spedito intransito consegnato inviato "
        "verzonden onderweg geleverd "
        "wyslany wdrodze wyslane dostarczony dostarczone"
    ),
    Lifecycle.RETURNED: (
        "returned rma return returnedtovendor returnedtosupplier returning inrepair outforrepair repair outfordiagnostics "
        "broken defective faulty failed damaged notworking pendingreturn instockdefective checkedin "
        "zuruckgegeben retoure defekt inreparatur zuruckgesendet beschadigt kaputt reparatur "
        "retourne enreparation enpanne defectueux retour casse "
        "devuelto enreparacion averiado danado defectuoso "
        "devolvido emreparo emmanutencao avariado danificado comdefeito "
        "restituito inriparazione guasto difettoso danneggiato reso "
        "geretourneerd inreparatie defect teruggestuurd kapot "
        "zwrocony wnaprawie uszkodzony zepsuty"
    ),
    Lifecycle.RETIRED: (
        "deactivated revoked trialexpired licenseexpired licenceexpired "
        "retired scrapped decommissioned disposed endoflife eol writtenoff obsolete archived lost stolen lostorstolen loststolen "
        "missing sold donated discarded inactive deprovisioned disabled removed destroyed recycled wiped dead absent expired "
        "brokennotfixable removedfromservice junk scrap surplus "
        "disposedof terminated decommissioning uninstalled replaced writeoff permanentlyremoved "
        "ausgemustert verschrottet entsorgt stillgelegt ausserbetrieb verloren gestohlen verkauft inaktiv archiviert ausgesondert "
        "abgeschrieben vermisst deinstalliert ausgeschieden "
        "misaurebut rebut horsservice reforme perdu vole vendu inactif jete archive aucrebut "
        "retirado debaja baja dadodebaja perdido robado vendido inactivo desechado fueradeservicio archivado "
        "descartado desativado baixado roubado inativo foradeuso arquivado foradeservico "
        "dismesso rottamato ritirato smarrito rubato venduto inattivo fuoriservizio fuoriuso archiviato "
        "afgevoerd buitengebruik buitenbedrijf gestolen verkocht inactief afgeschreven gearchiveerd vermist "
        "wycofany zezlomowany zutylizowany zgubiony skradziony sprzedany nieaktywny zlikwidowany zagubiony"
    ),
    Access.SUSPENDED: "blocked frozen gesperrt suspendu bloque suspendido bloqueado suspenso sospeso bloccato opgeschort geblokkeerd "
    "zawieszony zablokowany",
}

CONTRACTS = {
    ContractState.DRAFT: (
        "draft pending new proposed inapproval inapprovalprocess inreview "
        "unsigned notstarted quoted quote negotiation sent awaitingsignature "
        "incomplete notactive future upcoming planned submitted awaitingapproval waiting inprogress "
        "contractsent presentationscheduled appointmentscheduled qualifiedtobuy decisionmakerboughtin open pendingapproval underreview "
        "entwurf neu inpruefung inprufung geplant angebot ausstehend offen "
        "brouillon nouveau enattente encours projet "
        "borrador nuevo pendiente enrevision "
        "rascunho novo pendente emanalise "
        "bozza nuovo inattesa indefinizione "
        "concept nieuw inbehandeling "
        "projekt nowy oczekujacy szkic"
    ),
    ContractState.ACTIVE: (
        "active activated inforce signed live current running renewed enabled valid approved ongoing executed inservice "
        "closedwon won pastdue unpaid nonrenewing activeuntilcancelled paused expiring expiringsoon duetoexpire good nonrenewed "
        "trial trialing intrial ontrial freetrial trialperiod trialactive "  # in force, though nothing is paid yet
        "aktiv gultig inkraft laufend unterzeichnet unterschrieben verlangert lauft bestatigt "
        "actif active envigueur signe valide renouvele "
        "activo vigente envigor firmado renovado "
        "ativo emvigor assinado valido "
        "attivo invigore firmato rinnovato "
        "actief geldig getekend lopend verlengd "
        "aktywny aktywna obowiazujacy obowiazujaca podpisany podpisana wazny"
    ),
    ContractState.EXPIRED: (
        "expired ended lapsed completed closed complete finished incompleteexpired inactive fulfilled past archived matured trialexpired "
        "abgelaufen beendet ausgelaufen abgeschlossen inaktiv erledigt "
        "expire expiree termine terminee echu clos cloture "
        "vencido expirado caducado finalizado terminado cerrado "
        "vencida expirada encerrado concluido "
        "scaduto scaduta concluso terminato chiuso "
        "verlopen beeindigd afgelopen afgesloten "
        "wygasly wygasla zakonczony zakonczona"
    ),
    ContractState.CANCELLED: (
        "cancelled canceled terminated revoked void churned cancelledbycustomer rejected declined deleted voided closedlost lost "
        "gekundigt storniert aufgehoben widerrufen abgelehnt "
        "annule annulee resilie resiliee "
        "cancelado anulado rescindido "
        "cancelada rescindida anulada "
        "annullato annullata disdetto risolto "
        "geannuleerd opgezegd ontbonden "
        "anulowany anulowana rozwiazany wypowiedziany"
    ),
}

PAYMENTS = {
    Payment.PAID: (
        "paid settled current complete completed succeeded closed "
        "paidinfull fullypaid paidoffline received cleared applied active captured "
        "bezahlt beglichen ausgeglichen gezahlt erledigt "
        "paye payee reglee regle acquittee solde "
        "pagado pagada cobrado cobrada liquidado "
        "pago paga quitado liquidada "
        "pagato pagata saldato saldata incassato "
        "betaald voldaan "
        "zaplacona zaplacono zaplacony oplacona oplacony rozliczona"
    ),
    Payment.OVERDUE: (
        "overdue pastdue unpaid late delinquent uncollectible "
        "dunning failed rejected declined defaulted incomplete requirespaymentmethod "
        "uberfallig unbezahlt inverzug gemahnt mahnung verzug "
        "enretard impaye impayee echue nonpaye nonpayee "
        "vencido vencida impagado impagada atrasado "
        "atrasada emaatraso ematraso naopago inadimplente "
        "scaduto scaduta nonpagato nonpagata insoluto inritardo "
        "achterstallig onbetaald telaat vervallen "
        "zalegla przeterminowana przeterminowany nieoplacona niezaplacona"
    ),
    Payment.VOID: (
        "void voided cancelled canceled refunded credited writtenoff deleted reversed partiallyrefunded chargedback incompleteexpired "
        "storniert gutgeschrieben erstattet annulliert "
        "annule annulee rembourse remboursee "
        "anulado anulada cancelado cancelada reembolsado reembolsada "
        "cancelada estornado estornada "
        "annullato annullata rimborsato rimborsata stornato "
        "geannuleerd gecrediteerd terugbetaald "
        "anulowana anulowany zwrocona"
    ),
    Payment.UNKNOWN: (
        "unknown open due pending sent draft outstanding processing notdue invoiced authorised authorized submitted awaitingpayment "
        "partiallypaid partlypaid partial partpaid approved paymentdue trial trialing intrial ontrial freetrial "
        "scheduled viewed new posted notpaid requiresaction billed disputed "
        "offen ausstehend fallig gesendet entwurf teilbezahlt teilweisebezahlt "
        "enattente ouverte ouvert due envoyee brouillon partiellementpayee "
        "pendiente abierta abierto enviada borrador parcialmentepagada "
        "pendente aberto aberta emaberto enviado rascunho parcialmentepaga "
        "inattesa aperta aperto inviata bozza parzialmentepagata dapagare "
        "openstaand verzonden concept deelsbetaald "
        "oczekujaca otwarta wystawiona szkic czesciowooplacona dozaplaty"
    ),
}
