"""Platforms that devices report to: of the internet of things, of vehicles, routers and computers."""

from musterroll.readers.sources.source import Source

SOURCES = (
    Source(
        "a PDQ Inventory computer list",
        "telemetry units",
        "computername serialnumber lastsuccessfulscan | computername serialnumber heartbeatdate | name serialnumber lastsuccessfulscan",
        {
            "serial": "serialnumber",
            "maker": "manufacturer",
            "model": "model",
            "hostname": "computername name",
            "heard_at": "lastsuccessfulscan heartbeatdate",
            "first_heard_at": "added",
            "firmware": "osversion",
        },
    ),
    Source(
        "a ChirpStack device list",
        "telemetry units",
        "deveui lastseenat deviceprofilename | deveui name deviceprofilename",
        {
            "serial": "deveui",
            "model": "deviceprofilename",
            "name": "name",
            "heard_at": "lastseenat",
            "first_heard_at": "createdat",
        },
        ignored="updatedat deviceprofileid description",
    ),
    Source(
        "a ThingsBoard device list",
        "units",
        "idid createdtime tenantidid name type | name type label customertitle deviceprofilename | name deviceprofilename customertitle",
        {"serial": "name", "model": "deviceprofilename type", "name": "label", "account": "customertitle customername"},
        ignored="idid identitytype createdtime tenantidid customeridid deviceprofileidid firmwareidid softwareidid active",
    ),
    Source(
        "an Azure IoT Hub device list",
        "telemetry",
        "deviceid connectionstate lastactivitytime | deviceid etag lastactivitytime",
        {"serial": "deviceid", "heard_at": "lastactivitytime"},
        ignored="etag moduleid connectionstateupdatedtime statusupdatedtime",
    ),
    Source(
        "an AWS IoT list of things",
        "telemetry",
        "thingname connectivitytimestamp | thingname thingid thingtypename",
        {"serial": "attributesserialnumber attributesserial thingname", "heard_at": "connectivitytimestamp"},
        ignored="thingid version",
    ),
    Source(
        "a Samsara gateway list",
        "telemetry units",
        "name serial model vehicle lastconnected | gatewayserial gatewaymodel lastconnected | serial model gatewayactivatedat",
        {
            "serial": "gatewayserial serial",
            "model": "gatewaymodel model",
            "heard_at": "lastconnected",
            "first_heard_at": "gatewayactivatedat",
            "name": "name",
        },
        ignored="vehicle health",
        given={"maker": "Samsara"},
    ),
    Source(
        "a Teltonika RMS device list",
        "telemetry units",
        "name serialnumber mac model creditsexpire | serialnumber mac model lastconnectionat | serial mac model creditsexpire",
        {
            "serial": "serialnumber serial",
            "model": "model",
            "account": "company companyname",
            "heard_at": "lastconnectionat",
            "first_heard_at": "createdat",
            "firmware": "firmware",
            "name": "name",
        },
        ignored="creditsexpire status",
        given={"maker": "Teltonika"},
    ),
)
