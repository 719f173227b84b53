"""Exports of CRM systems: contacts."""

from musterroll.readers.sources.source import Source

_SALESFORCE = "createdbyid lastmodifieddate lastmodifiedbyid systemmodstamp ownerid recordtypeid"

SOURCES = (
    Source(
        "a Salesforce contact list",
        "contacts",
        "id accountid lastname email | contactid lastname email accountname | contactid accountid lastname | "
        "firstname lastname accountname hasoptedoutofemail",
        {
            "ref": "contactid id",
            "account": "accountid accountname",
            "first_name": "firstname",
            "last_name": "lastname name",
            "role": "title",
            "email": "email",
            "phone": "phone mobilephone mobile",
            "language": "languagesc languages language",
            "opted_out": "hasoptedoutofemail emailoptout",
        },
        ignored=f"salutation {_SALESFORCE} createddate reportstoid leadsource department",
    ),
    Source(
        "a HubSpot contact list",
        "contacts",
        "recordid firstname lastname email | firstname lastname email associatedcompanyids | "
        "firstname lastname email primaryassociatedcompanyid",
        {
            "ref": "recordid contactid",
            "account": "primaryassociatedcompanyid associatedcompanyids associatedcompanyid primarycompany companyname associatedcompany",
            "first_name": "firstname",
            "last_name": "lastname",
            "role": "jobtitle",
            "email": "email",
            "phone": "phonenumber mobilephonenumber",
            "language": "preferredlanguage",
            "opted_out": "unsubscribedfromallemail optedoutofallemail",
        },
        ignored="contactowner createdate lastmodifieddate lifecyclestage leadstatus marketingcontactstatus",
    ),
    Source(
        "a Zoho CRM contact list",
        "contacts",
        "recordid contactowner firstname lastname accountname | contactid contactowner firstname lastname accountname | "
        "contactowner firstname lastname accountname",
        {
            "ref": "recordid contactid",
            "account": "accountnameid accountid accountname",
            "first_name": "firstname",
            "last_name": "lastname contactname",
            "role": "title",
            "email": "email",
            "phone": "phone mobile",
            "language": "language",
            "opted_out": "emailoptout",
        },
        ignored="contactowner contactownerid createdtime modifiedtime leadsource department salutation secondaryemail",
    ),
)
