"""Exports of service desks and of asset management: tickets, assets and configuration items."""

from musterroll.readers.sources.source import Source

_SERVICENOW_CI = {"1": "installed", "2": "on order", "3": "in maintenance", "4": "pending install", "5": "pending repair"}
_SERVICENOW_CI |= {"6": "in stock", "7": "retired", "8": "stolen", "100": "retired"}
_SERVICENOW_ASSET = {"1": "in use", "2": "on order", "3": "in maintenance", "6": "in stock", "7": "retired", "8": "missing"}
_SERVICENOW_ASSET |= {"9": "in transit", "10": "in use", "11": "in stock"}
_UNIT = {"serial": "serialnumber serial", "lifecycle": "status state"}

SOURCES = (
    Source(
        "a Redmine issue list",
        "incidents",
        "numbersign tracker subject created | numbersign project tracker status",
        {"ref": "numbersign", "opened_on": "created", "closed_on": "closed", "category": "category", "hours": "spenttime totalspenttime"},
        ignored="project status startdate duedate updated parenttask",
    ),
    Source(
        "a Zammad ticket list",
        "incidents",
        "numbersign title customer state owner | numbersign title organization createdat",
        {"ref": "numbersign", "account": "organization", "opened_on": "createdat", "closed_on": "closedat", "category": "group"},
        ignored="customer state updatedat lastcontact timeunitstotal",
    ),
    Source(
        "a ServiceNow incident list",
        "incidents",
        "number openedat shortdescription | number opened shortdescription | number syscreatedon shortdescription | number openedat sysid",
        {
            "ref": "number",
            "opened_on": "openedat opened syscreatedon created",
            "closed_on": "closedat closed resolvedat resolved",
            "category": "category subcategory",
            "serial": "cmdbciserialnumber configurationitemserialnumber cmdbciassetserialnumber",
            "hours": "timeworked",
        },
        ignored="sysid sysupdatedon updated sysupdatedby calendarduration businessduration state",
    ),
    Source(
        "a ServiceNow asset list",
        "units",
        "assettag installstatus serialnumber | assettag modelcategory serialnumber | displayname assettag serialnumber state modelcategory",
        {
            "serial": "serialnumber",
            "maker": "modelmanufacturer manufacturer",
            "model": "modelidname modeldisplayname modelname model modelid",
            "lifecycle": "installstatus state",
            "account": "company account",
            "site": "locationid",
            "installed_on": "installdate installed",
        },
        ignored="sysid substatus sysupdatedon updated vendor",
        words=_SERVICENOW_ASSET,
    ),
    Source(
        "a ServiceNow configuration item list",
        "units",
        "sysclassname serialnumber | sysclassname installstatus serialnumber | class serialnumber modelid | "
        "sysclassname serialnumber modelid",
        {
            "serial": "serialnumber",
            "maker": "manufacturer",
            "model": "modelidname modelid model modelnumber",
            "lifecycle": "installstatus hardwarestatus status",
            "account": "company",
            "installed_on": "installdate installed",
        },
        ignored="sysid vendor operationalstatus sysupdatedon",
        words=_SERVICENOW_CI,
    ),
    Source(
        "a GLPI ticket list",
        "incidents",
        "id title openingdate | id titre datedouverture | id titulo datadeabertura | id titulo fechadeapertura | id titel eroffnungsdatum",
        {
            "ref": "id",
            "opened_on": "openingdate datedouverture datadeabertura fechadeapertura eroffnungsdatum",
            "closed_on": "closingdate datedecloture datadefechamento fechadecierre abschlussdatum resolutiondate datederesolution "
            "datadasolucao fechadesolucion losungsdatum",
            "serial": "associatedelementsserialnumber associateditemsserialnumber elementsassociesnumerodeserie "
            "itensassociadosnumerodeserie elementosasociadosnumerodeserie zugehorigeelementeseriennummer",
            "category": "category categorie categoria kategorie",
            "hours": "totalduration dureetotale duracaototal duraciontotal gesamtdauer",
        },
        ignored="lastupdate dernieremodification ultimaatualizacao ultimaactualizacion letzteaktualisierung timetoresolve",
        dates="dmy",
    ),
    Source(
        "a GLPI computer list",
        "units",
        "name entity serialnumber manufacturers | name status manufacturers serialnumber types | nom fabricant numerodeserie "
        "dernieremodification | nom entite numerodeserie fabricant | name manufacturer serialnumber alternateusername",
        {
            "serial": "serialnumber numerodeserie",
            "maker": "manufacturers manufacturer fabricant",
            "model": "model models modele",
            "account": "entity entite",
            "lifecycle": "status statut",
        },
        ignored="lastupdate dernieremodification inventorynumber numerodinventaire type types",
        dates="dmy",
    ),
    Source(
        "a Zendesk ticket list",
        "incidents",
        "id requester createdat solvedat | summationcolumn id | id requesterid createdat updatedat organizationid",
        {
            "ref": "id",
            "opened_on": "createdat",
            "closed_on": "solvedat",
            "category": "tickettype type",
        },
        ignored="updatedat assignedat initiallyassignedat requesterid requesterexternalid duedate externalid",
    ),
    Source(
        "a Freshdesk ticket list",
        "incidents",
        "ticketid subject createdtime | ticketid subject createdtime resolvedtime agent",
        {
            "ref": "ticketid",
            "opened_on": "createdtime",
            "closed_on": "closedtime resolvedtime",
            "category": "type category",
            "hours": "timetracked",
        },
        ignored="lastupdatedtime lastupdatetime duebytime initialresponsetime",
    ),
    Source(
        "a Freshservice asset list",
        "units",
        "displayname assettag assetstate | displayname assettype serialnumber | displayname assettype assetstate",
        {"serial": "serialnumber", "maker": "manufacturer vendor", "model": "product productname", "lifecycle": "assetstate"}
        | {"contact_name": "usedby"},
        ignored="assettype impact usagetype lastauditdate",
    ),
    Source(
        "a Jira Service Management list",
        "incidents",
        "issuekey issueid created | issuekey summary created | key summary issuetype created",
        {"ref": "issuekey key", "opened_on": "created", "closed_on": "resolved resolutiondate", "category": "issuetype requesttype"}
        | {"account": "organizations organisations"},
        ignored="issueid parentid updated duedate lastviewed resolution",
    ),
    Source(
        "a ConnectWise ticket list",
        "incidents",
        "ticket dateentered board | ticket company board summarydescription | ticketnbr dateentered",
        {
            "ref": "ticket ticketnbr",
            "opened_on": "dateentered entered",
            "closed_on": "dateclosed closeddate",
            "category": "type",
            "hours": "actualhours hoursactual",
        },
        ignored="lastupdate lastupdated resplanskipped age",
    ),
    Source(
        "a ConnectWise configuration list",
        "units",
        "configurationname serialnumber configurationtype | configurationname company serialnumber | configname serialnumber",
        {
            "serial": "serialnumber",
            "maker": "manufacturer",
            "model": "modelnumber model",
            "lifecycle": "status configurationstatus",
            "account": "company companyname",
            "site": "siteid",
            "installed_on": "installationdate",
            "asset_tag": "tagnumber",
        },
        ignored="site sitename configurationname vendor",
    ),
    Source(
        "a ConnectWise agreement list",
        "contracts",
        "agreementname agreementtype company | agreementname agreementtype companyname",
        {
            "ref": "agreementname",
            "account": "company companyname",
            "state": "status agreementstatus",
            "starts_on": "startdate datestart",
            "ends_on": "enddate dateend",
            "ended_on": "cancelleddate datecancelled",
        },
        ignored="agreementtype billingcycle nextinvoicedate",
    ),
    Source(
        "an Autotask ticket list",
        "incidents",
        "ticketnumber configurationitemid queueid | ticketnumber companyid createdate completeddate | ticketnumber configurationitemid",
        {
            "ref": "ticketnumber",
            "opened_on": "createdate",
            "closed_on": "completeddate resolveddatetime",
            "category": "issuetype tickettype",
        },
        ignored="id configurationitemid lastactivitydate duedatetime estimatedhours hourstobescheduled ticketcategory",
    ),
    Source(
        "an Autotask configuration item list",
        "units",
        "serialnumber referencetitle productid | serialnumber referencetitle isactive | referencename serialnumber product",
        {
            "serial": "serialnumber",
            "model": "productname product referencetitle",
            "lifecycle": "isactive active",
            "account": "companyid company organization",
            "installed_on": "installdate",
        },
        ignored="id productid referencenumber contractid vendorid lastactivityperson",
        words={"1": "deployed", "true": "deployed", "yes": "deployed", "0": "retired", "false": "retired", "no": "retired"},
    ),
    Source(
        "an Autotask contract list",
        "contracts",
        "contractname startdate enddate companyid | contractname contractnumber companyid status",
        {"ref": "id contractid contractnumber", "account": "companyid", "state": "status", "starts_on": "startdate", "ends_on": "enddate"},
        ignored="contractname contracttype contractcategory",
        words={"1": "active", "0": "expired"},
    ),
    Source(
        "a ManageEngine asset list",
        "units",
        "assetname orgserialnumber | assetname productname assetstate | assetname product assetstate",
        {"serial": "orgserialnumber serialnumber", "maker": "manufacturer vendor", "model": "product productname model"}
        | {"lifecycle": "assetstate", "account": "account"},
        ignored="site producttype expirydate",
    ),
    Source(
        "a ManageEngine request list",
        "incidents",
        "requestid requester createdtime | requestid subject createdtime",
        {"ref": "requestid", "opened_on": "createdtime", "closed_on": "completedtime resolvedtime", "category": "category requesttype"},
        ignored="duebytime lastupdatedtime respondedtime",
    ),
    Source(
        "a Zoho Desk ticket list",
        "incidents",
        "ticketid ticketnumber createdtime | ticketreferenceid ticketid | requestid ticketowner createdtime | ticketid createdtimeticket",
        {
            "ref": "ticketnumber requestid ticketid",
            "opened_on": "createdtime createdtimeticket",
            "closed_on": "ticketclosedtime closedtime",
            "category": "category classifications",
        },
        ignored="modifiedtime ticketreferenceid duedate",
    ),
    Source(
        "a HaloPSA or Halo ITSM ticket list",
        "incidents",
        "ticketid summary dateoccurred | faultid symptom dateoccured",
        {"ref": "ticketid faultid", "opened_on": "dateoccurred dateoccured", "closed_on": "dateclosed datecleared"},
    ),
    Source(
        "a HaloPSA or Halo ITSM contract list",
        "contracts",
        "clientid ref startdate | clientname ref startdate",
        {"ref": "ref", "account": "clientid clientname", "starts_on": "startdate", "ends_on": "enddate"},
        ignored="id started expired status siteid",
    ),
    Source(
        "a Snipe-IT asset list",
        "units",
        "assettag itemname serial | assettag itemname modelname | assettag assetname serial | assettag assetname serialnumber model "
        "| company assettag serial category | assettag modelname manufacturer serial | assettag modelname modelnumber",
        {
            **_UNIT,
            "maker": "manufacturer",
            "model": "modelname model",
            "account": "company",
            "warranty_months": "warrantymonths warranty",
        },
        ignored="modelnumber modelno checkedout expectedcheckin lastcheckout createdat updatedat",
        words={"Undeployable": "stock", "Pending": "stock", "Deployable": "stock"},
    ),
    Source(
        "a Lansweeper asset list",
        "units telemetry",
        "assetname lastseen serialnumber | assetname assettype lastseen | assetname statename serialnumber",
        {
            "serial": "serialnumber serial",
            "maker": "manufacturer",
            "model": "model",
            "lifecycle": "statename state",
            "heard_at": "lastseen",
            "first_heard_at": "firstseen",
            "firmware": "version osversion build",
        },
        ignored="assettype custom1 lasttried",
    ),
    Source(
        "a NetBox device list",
        "units",
        "name role devicetype site | name status tenant site role manufacturer type | name role manufacturer devicetype serial",
        {
            "serial": "serial serialnumber",
            "maker": "manufacturer",
            "model": "devicetype type",
            "lifecycle": "status",
            "account": "tenant",
            "hostname": "name",
            "location": "location",
        },
        ignored="site id platform rack",
        words={"Offline": "deployed", "Failed": "returned", "Decommissioning": "retired", "Inventory": "stock", "Staged": "stock"},
    ),
)
