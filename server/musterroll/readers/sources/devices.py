"""Exports of device management and of network controllers: devices, and when each was last heard."""

from musterroll.readers.sources.source import Source

_APPLE = {"maker": "Apple"}

SOURCES = (
    Source(
        "a Fleet host list",
        "telemetry units",
        "hostname hardwarevendor hardwaremodel hardwareserial | hardwareserial seentime osqueryversion",
        {
            "serial": "hardwareserial",
            "maker": "hardwarevendor",
            "model": "hardwaremodel",
            "hostname": "hostname",
            "heard_at": "seentime",
            "first_heard_at": "createdat",
            "firmware": "osversion",
        },
        ignored="status id uuid",  # whether a host is online
    ),
    Source(
        "a LibreNMS device list",
        "telemetry units",
        "deviceid sysname hardware serial | hostname sysname hardware serial lastpolled",
        {
            "serial": "serial",
            "model": "hardware",
            "hostname": "sysname hostname",
            "location": "location",
            "heard_at": "lastpolled",
            "first_heard_at": "inserted",
            "firmware": "version",
        },
        ignored="status os",
    ),
    Source(
        "an OCS Inventory computer list",
        "telemetry units",
        "accountinfotag lastinventory computer | accountinfotag computer serialnumber",
        {
            "serial": "serialnumber",
            "maker": "manufacturer",
            "model": "model",
            "hostname": "computer",
            "asset_tag": "accountinfotag",
            "heard_at": "lastinventory",
        },
    ),
    Source(
        "a Zabbix host inventory",
        "units",
        "host inventoryvendor inventoryserialnoa | hostid inventoryserialnoa",
        {
            "serial": "inventoryserialnoa",
            "maker": "inventoryvendor",
            "model": "inventorymodel inventoryhardware",
            "hostname": "host",
            "asset_tag": "inventoryassettag",
            "location": "inventorylocation",
            "installed_on": "inventorydatehwinstall",
            "purchased_on": "inventorydatehwpurchase",
            "warranty_ends_on": "inventorydatehwexpiry",
        },
        ignored="hostid inventoryserialnob",
    ),
    Source(
        "an Intune device list",
        "telemetry units",
        "devicename lastcheckin serialnumber | devicename lastsyncdatetime serialnumber | devicename lastcontact serialnumber "
        "| devicename enrolleddatetime serialnumber | devicename lastsyncdate serialnumber",
        {
            "serial": "serialnumber",
            "maker": "manufacturer",
            "model": "model",
            "heard_at": "lastcheckin lastsyncdatetime lastcontact lastsyncdate",
            "first_heard_at": "enrollmentdate enrolleddatetime enrolleddate createddate",
            "firmware": "osversion",
        },
        ignored="deviceid compliance ownership devicestate managementstate deviceregistrationstate",
    ),
    Source(
        "a Jamf Pro inventory list",
        "telemetry units",
        "computername serialnumber lastcheckin | computername serialnumber jamfprocomputerid | displayname "
        "serialnumber lastinventoryupdate "
        "| computername serialnumber lastinventoryupdate | devicename serialnumber lastinventoryupdate",
        {
            "serial": "serialnumber",
            "maker": "make",
            "model": "model modelname",
            "heard_at": "lastcheckin lastinventoryupdate",
            "first_heard_at": "lastenrollment enrollmentdate lastenrollmentdate",
            "firmware": "operatingsystemversion osversion iosversion",
            "purchased_on": "podate",
        },
        ignored="modelidentifier barcode1 barcode2 jamfprocomputerid site",
        given=_APPLE,
    ),
    Source(
        "a Google Admin list of Chromebooks",
        "telemetry units",
        "deviceid serialnumber annotateduser | serialnumber annotateduser orgunitpath | deviceid serialnumber lastsync "
        "| serialnumber annotatedassetid | serialnumber mostrecentactivity | serialnumber lastpolicysync",
        {
            "serial": "serialnumber",
            "model": "model",
            "heard_at": "lastsync lastpolicysync mostrecentactivity",
            "first_heard_at": "firstenrollmenttime enrollmenttime lastenrollmenttime",
            "firmware": "osversion",
            "lifecycle": "status",
        },
        ignored="deviceid annotatedlocation firmwareversion platformversion",
    ),
    Source(
        "a Kandji device list",
        "telemetry units",
        "devicename serialnumber blueprint | serialnumber blueprintname | devicename serialnumber blueprintname lastcheckin",
        {
            "serial": "serialnumber",
            "model": "model devicemodel",
            "heard_at": "lastcheckin",
            "first_heard_at": "firstenrollment firstenrollmentdate lastenrollment",
            "firmware": "osversion",
        },
        given=_APPLE,
    ),
    Source(
        "a Mosyle device list",
        "telemetry units",
        "devicename serialnumber datelastbeat | serialnumber datelastbeat | devicename serialnumber "
        "dateenroll | serialnumber dateinfo dateenrolled",
        {
            "serial": "serialnumber",
            "model": "modelname devicemodelname model devicemodel",
            "heard_at": "datelastbeat dateinfo lastseen",
            "first_heard_at": "dateenroll dateenrolled",
            "firmware": "osversion",
        },
        given=_APPLE,
    ),
    Source(
        "a Meraki device list",
        "telemetry units",
        "serial networkid model | macaddress serial network | mac serial network model | serial producttype mac "
        "| serialnumber macaddress model network connectivity",
        {
            "serial": "serial serialnumber",
            "model": "model",
            "site": "networkid network",
            "heard_at": "lastreportedat lastseen",
            "firmware": "firmware firmwareversion currentfirmware",
            "account": "organizationid organization",
        },
        given={"maker": "Cisco Meraki"},
    ),
    Source(
        "a UniFi device list",
        "telemetry units",
        "mac serial adopted | macaddress model adopted | name model mac adoptedat",
        {
            "serial": "serial serialnumber",
            "model": "modelname model",
            "heard_at": "lastseen lastconnection",
            "first_heard_at": "adoptedat adoptiontime",
            "firmware": "version firmware firmwareversion",
        },
        given={"maker": "Ubiquiti"},
    ),
    Source(
        "a list of city sensors",
        "sites",
        "sensordescription latitude longitude | locationid sensordescription latitude",
        {"ref": "locationid siteid sensorid", "name": "sensordescription", "latitude": "latitude", "longitude": "longitude"},
        ignored="location sensorname status locationtype",
    ),
)
