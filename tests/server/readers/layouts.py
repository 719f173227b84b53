"""Small exports in the layouts that public documentation of twenty further systems shows, with invented rows, and what they say.

Each: system, kind of document, what a person sets for the whole file, the file, and the values of its rows.
"""

import json
from typing import Any, NamedTuple


class Layout(NamedTuple):
    system: str
    kind: str
    given: dict[str, str]
    text: str
    rows: list[dict[str, Any]]


LAYOUTS = [
    Layout(
        "Fleet host report",
        "telemetry",
        {},
        "id,hostname,display_name,uuid,platform,os_version,osquery_version,hardware_vendor,hardware_model,hardware_serial,primary_ip,"
        "primary_mac,created_at,detail_updated_at,seen_time,last_enrolled_at,status,team_name,issues\n"
        "7,mbp-7,mbp-7,4C4C4544-0001,darwin,macOS 15.1,5.14.1,Apple Inc.,MacBookPro18_3,C02XL0GYJGH5,10.0.0.7,a4:83:e7:00:00:07,"
        "2026-01-05T09:00:00Z,2026-11-28T10:00:00Z,2026-11-28T10:02:00Z,2026-01-05T09:00:00Z,online,HQ,0\n",
        [{"serial": "C02XL0GYJGH5", "maker": "Apple Inc.", "heard_at": "2026-11-28 10:02", "firmware": "macOS 15.1"}],
    ),
    Layout(
        "Fleet host report",
        "units",
        {},
        "hostname,hardware_vendor,hardware_model,hardware_serial,os_version,created_at,status\n"
        "mbp-7,Apple Inc.,MacBookPro18_3,C02XL0GYJGH5,macOS 15.1,2026-01-05T09:00:00Z,online\n",
        [{"serial": "C02XL0GYJGH5", "maker": "Apple Inc.", "model": "MacBookPro18_3", "hostname": "mbp-7", "lifecycle": None}],
    ),
    Layout(
        "LibreNMS devices",
        "telemetry",
        {"zone": "UTC"},
        json.dumps(
            {
                "status": "ok",
                "count": 1,
                "devices": [
                    {
                        **{"device_id": 354, "hostname": "sw-1.example", "sysName": "sw-1", "ip": "192.0.2.1", "hardware": "C9300-48P"},
                        **{"serial": "FCW2345L0AB", "os": "iosxe", "version": "17.9.4", "location": "Server Room", "status": 1},
                        **{"uptime": 1469957, "last_polled": "2026-11-28 15:15:20", "inserted": "2024-03-01 08:00:00"},
                    }
                ],
            }
        ),
        [{"serial": "FCW2345L0AB", "heard_at": "2026-11-28 15:15", "firmware": "17.9.4"}],
    ),
    Layout(
        "IT Glue configurations",
        "units",
        {},
        "id,organization,name,configuration_type,configuration_status,hostname,primary_ip,mac_address,default_gateway,serial_number,"
        "asset_tag,position,installed_at,installed_by,purchased_at,purchased_by,warranty_expires_at,contact,location,manufacturer,model,"
        "operating_system,archived\n"
        "11,Umber Ltd,SRV-1,Managed Server,Active,srv-1,192.0.2.10,00:15:5d:00:00:01,,CZJ9240ABC,A-100,,2024-02-10,kim,2024-01-31,kim,"
        "2027-01-30,Pat One,HQ,Hewlett Packard Enterprise,ProLiant DL360 Gen10,Windows Server 2022,No\n",
        [
            {
                **{"serial": "CZJ9240ABC", "maker": "Hewlett Packard Enterprise", "model": "ProLiant DL360 Gen10", "account": "Umber Ltd"},
                **{"installed_on": "2024-02-10", "purchased_on": "2024-01-31", "warranty_ends_on": "2027-01-31", "asset_tag": "A-100"},
                **{"hostname": "srv-1", "lifecycle": "deployed", "location": "HQ"},
            }
        ],
    ),
    Layout(
        "Datto RMM devices",
        "telemetry",
        {},
        json.dumps(
            {
                "pageDetails": {"count": 1},
                "devices": [
                    {
                        **{"id": 123456, "uid": "d4e5f6a7", "siteName": "Umber Ltd", "hostname": "ACME-DC01", "intIpAddress": "192.0.2.5"},
                        **{"operatingSystem": "Windows Server 2022", "lastSeen": 1796000000000, "creationDate": 1700000000000},
                        **{"warrantyDate": "2027-06-30", "online": True, "serialNumber": "5CG1234XYZ", "manufacturer": "HP"},
                    }
                ],
            }
        ),
        [{"serial": "5CG1234XYZ", "maker": "HP", "heard_at": "2026-11-30 00:53"}],
    ),
    Layout(
        "Chargebee subscriptions",
        "contracts",
        {},
        "subscriptions.id,subscriptions.customer_id,subscriptions.status,subscriptions.start_date,subscriptions.current_term_start,"
        "subscriptions.current_term_end,subscriptions.cancelled_at,subscriptions.currency_code,subscriptions.mrr\n"
        "AzZlGJTC,cust_1,active,2025-01-01 00:00:00,2026-01-01 00:00:00,2026-12-31 23:59:59,,EUR,10000\n"
        "BzZlGJTD,cust_2,cancelled,2025-01-01 00:00:00,2025-01-01 00:00:00,2025-12-31 23:59:59,2025-08-31 12:00:00,USD,5000\n",
        [
            {
                "ref": "AzZlGJTC",
                "account": "cust_1",
                "state": "active",
                "starts_on": "2026-01-01",
                "ends_on": "2027-01-01",
                "currency": "EUR",
            },
            {"ref": "BzZlGJTD", "account": "cust_2", "state": "cancelled", "ended_on": "2025-09-01", "currency": "USD"},
        ],
    ),
    Layout(
        "Moment invoices for Xero",
        "billing",
        {},
        "ContactName,EmailAddress,InvoiceNumber,Reference,InvoiceDate,DueDate,Total,InvoiceAmountPaid,InvoiceAmountDue,"
        "Currency,Type,Status\n"
        "Umber Ltd,a@example.com,INV-7,C-100,2026-10-15,2026-11-14,1200.00,0.00,1200.00,EUR,Sales Invoice,Awaiting Payment\n",
        [{"contract": "C-100", "invoiced_on": "2026-10-15", "payment": "unknown"}],
    ),
    Layout(
        "QuickBooks customers",
        "accounts",
        {},
        "Customer Contact List,,,,\nUmber Inc.,,,,\n,,,,\nCustomer,Phone,Email,Full Name,Billing Address\n"
        "Umber Ltd,(555) 123-4567,pat@example.com,Pat One,1 Road Bayshore CA 94326\n"
        "Larkspur Hospitals,,,Kim Two,2 Street\n,,,,\n"
        '"Monday, November 30, 2026 10:00 AM GMT-08:00",,,,\n',
        [{"ref": "Umber Ltd", "phone": "(555) 123-4567"}, {"ref": "Larkspur Hospitals"}],
    ),
    Layout(
        "Redmine issues",
        "incidents",
        {},
        "#,Project,Tracker,Parent task,Status,Priority,Subject,Author,Assignee,Updated,Category,Start date,Due date,"
        "Spent time,Created,Closed\n"
        "4711,Support,Support,,Closed,Normal,Fan broken,Pat,Kim,11/28/2026 10:15 AM,Hardware,11/20/2026,,1.50,11/20/2026 09:00 AM,"
        "11/28/2026 10:15 AM\n",
        [{"ref": "4711", "opened_on": "2026-11-20", "closed_on": "2026-11-28", "category": "Hardware", "hours": "1.5000"}],
    ),
    Layout(
        "GitLab issues",
        "incidents",
        {},
        "Title,Description,Issue ID,URL,State,Author,Author Username,Assignee,Confidential,Locked,Due Date,"
        "Created At (UTC),Updated At (UTC),"
        "Closed At (UTC),Milestone,Weight,Labels,Time Estimate,Time Spent\n"
        'Fan broken,"It is, indeed",12,https://git.example/i/12,Closed,Pat,pat,Kim,No,No,,2026-11-20 09:00:00,2026-11-28 10:15:00,'
        "2026-11-28 10:15:00,,,Hardware,0,5400\n",
        [{"ref": "12", "opened_on": "2026-11-20", "closed_on": "2026-11-28"}],
    ),
    Layout(
        "Zammad tickets",
        "incidents",
        {},
        "#;Title;Customer;Organization;Group;Owner;State;Priority;Created at;Closed at;Last contact;Time Units Total\n"
        "10138;Fan broken;Pat One;Umber Ltd;Users;Kim;closed;2 normal;2026-11-20 09:00:00 UTC;2026-11-28 10:15:00 UTC;;1.5\n",
        [{"ref": "10138", "account": "Umber Ltd", "opened_on": "2026-11-20", "closed_on": "2026-11-28"}],
    ),
    Layout(
        "OTRS tickets",
        "incidents",
        {},
        "Number;Ticket#;Age;Title;Created;Changed;Close Time;Queue;State;Priority;Customer User;CustomerID;Accounted time\n"
        "1;2026112010000012;8 d 1 h;Fan broken;2026-11-20 09:00:00;2026-11-28 10:15:00;2026-11-28 10:15:00;Service;closed successful;"
        "3 normal;pat;A-100;90\n",
        [{"ref": "2026112010000012", "account": "A-100", "opened_on": "2026-11-20", "closed_on": "2026-11-28"}],
    ),
    Layout(
        "Workspace ONE devices",
        "telemetry",
        {"zone": "UTC"},
        "Last Seen,Device Friendly Name,Organization Group,Management,Ownership,Username,Email,Platform,OS Version,Model,Serial Number,"
        "Asset Number,Enrollment Date,Compliance Status,Enrollment Status\n"
        "11/28/2026 10:15:04 PM,pat iPad,HQ,MDM,Corporate,pat,pat@example.com,Apple iOS,17.1.0,iPad,DMPX12345ABC,A-7,2/1/2023 9:00:00 AM,"
        "Compliant,Enrolled\n",
        [{"serial": "DMPX12345ABC", "heard_at": "2026-11-28 22:15", "first_heard_at": "2023-02-01 09:00", "firmware": "17.1.0"}],
    ),
    Layout(
        "Dell TechDirect assets",
        "units",
        {"maker": "Dell"},
        "Service Tag,Product Description,Product Line,Ship Date,Country,Service Level Description,Start Date,End Date\n"
        "2XH3DK3,Latitude 5420,Latitude,31-Jan-2024,DE,ProSupport,31-Jan-2024,30-Jan-2027\n",
        [
            {
                **{"serial": "2XH3DK3", "maker": "Dell", "model": "Latitude 5420", "shipped_on": "2024-01-31"},
                **{"warranty_starts_on": "2024-01-31", "warranty_ends_on": "2027-01-31"},
            }
        ],
    ),
    Layout(
        "PDQ Inventory computers",
        "units",
        {},
        "Computer Name,Computer Manufacturer,Computer Model,Computer Serial Number,Computer O/S,Computer Added,Computer Last Online\n"
        "LT-001,LENOVO,20XW00A1GE,PF0ABC01,Windows 11,2/1/2023 9:00:00 AM,11/28/2026 10:15:04 PM\n",
        [{"serial": "PF0ABC01", "maker": "LENOVO", "model": "20XW00A1GE", "hostname": "lt-001"}],
    ),
    Layout(
        "Configuration Manager hardware report",
        "units",
        {},
        "Hardware 01A - Summary of computers in a specific collection\n\nDetails_Table0_Netbios_Name0,Domain,User Name,Manufacturer,Model,"
        "Serial Number,Operating System\nLT-001,EXAMPLE,pat,Dell Inc.,Latitude 5420,2XH3DK3,Microsoft Windows 11 Pro\n",
        [{"serial": "2XH3DK3", "maker": "Dell Inc.", "model": "Latitude 5420"}],
    ),
    Layout(
        "Zabbix host inventory",
        "units",
        {},
        json.dumps(
            {
                "jsonrpc": "2.0",
                "result": [
                    {
                        **{"hostid": "10084", "host": "srv-1"},
                        "inventory": {
                            **{"vendor": "HPE", "model": "DL360", "serialno_a": "CZJ9240ABC", "asset_tag": "A-100", "location": "HQ"},
                            **{"date_hw_install": "2024-02-10", "date_hw_expiry": "2027-01-30", "date_hw_purchase": "2024-01-31"},
                        },
                    }
                ],
                "id": 1,
            }
        ),
        [{"serial": "CZJ9240ABC", "maker": "HPE", "model": "DL360", "asset_tag": "A-100", "installed_on": "2024-02-10"}],
    ),
    Layout(
        "ThingsBoard devices",
        "telemetry",
        {},
        "Created time;Name;Device profile;Label;Customer;State;serialNumber;lastActivityTime\n"
        "2025-01-05 09:00:00;pump-1;pump;;Umber Ltd;Active;SN-9001;1796000000000\n",
        [{"serial": "SN-9001", "heard_at": "2026-11-30 00:53"}],
    ),
    Layout(
        "OCS Inventory computers",
        "units",
        {},
        '"Account info: TAG";"Last inventory";"Computer";"User";"Operating system";"RAM (MB)";"CPU (MHz)";"Manufacturer";"Model";'
        '"Serial number"\n"NA";"2026-11-28 10:15:04";"LT-001";"pat";"Windows 11";"16384";"2800";"LENOVO";"20XW00A1GE";"PF0ABC01"\n',
        [{"serial": "PF0ABC01", "maker": "LENOVO", "model": "20XW00A1GE", "hostname": "lt-001"}],
    ),
    Layout(
        "i-doit objects",
        "units",
        {},
        "Objekt-ID;Objekttitel;Objekttyp;Seriennummer;Hersteller;Modell;Inventarnummer;CMDB-Status;Kaufdatum;Garantiezeitraum;Standort\n"
        "1042;SRV-1;Server;CZJ9240ABC;HPE;DL360;A-100;in Betrieb;31.01.2024;36 Monate;Serverraum\n",
        [
            {
                **{"serial": "CZJ9240ABC", "maker": "HPE", "model": "DL360", "asset_tag": "A-100", "lifecycle": "deployed"},
                **{"purchased_on": "2024-01-31", "warranty_months": "36"},
            }
        ],
    ),
]
