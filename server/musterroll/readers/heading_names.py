"""What columns are called in customers' files, in English, German, French, Spanish, Portuguese, Italian, Dutch and Polish.

Names are as `cells.heading_key` returns them, the best first. A bar begins those that are less certain: where what identifies a record
could be several columns, one of a better part wins, and within a part a person is asked.
"""

SERIAL = (
    "serialnumber serialno serialnum serial serialnr sn sno serialid serialnumbers serienumber "
    "unitserialnumber unitserial deviceserialnumber deviceserial assetserialnumber assetserial productserialnumber productserial "
    "equipmentserialnumber equipmentserial machineserialnumber hardwareserialnumber hardwareserial systemserialnumber biosserialnumber "
    "manufacturerserialnumber manufserialno mfgserialnumber factoryserialnumber itemserialnumber lotserialnumber serialnumberid "
    "computerserialnumber hostserialnumber chassisserialnumber orgserialnumber "
    "seriennummer seriennr sernr serialnummer geratenummer geratenr fabriknummer fabriknr fabrikationsnummer maschinennummer herstserialnr "
    "geraeteseriennummer geratseriennummer "
    "numerodeserie ndeserie nodeserie numeroserie noserie nserie numdeserie numserie nroserie nrodeserie "
    "numerodiserie numeroseriale seriale nseriale ndiserie numerodimatricola serienummer serienr "
    "numerseryjny nrseryjny numerfabryczny nrfabryczny | servicetag serie matricola matricule"
)
MAKER = (
    "manufacturer manufacturername manufacturers maker make mfr mfg mfgname manufacturedby oem producer brand brandname vendor vendorname "
    "hardwarevendor computermanufacturer computervendor devicemanufacturer devicevendor systemmanufacturer "
    "hersteller herstellername fabrikat marke geratehersteller fabricant "
    "marque constructeur fabricante marca produttore costruttore fabbricante casaproduttrice fabrikant merk producent marka wytworca"
)
MODEL = (
    "model modelname models devicemodel productmodel hardwaremodel equipmentmodel machinemodel systemmodel assetmodel computermodel "
    "modeltype modell modellname modellbezeichnung geratemodell modele nomdumodele modelo modello nombredelmodelo modeldisplayname "
    "modelnumber modelno modelnr modelid productname product productmodelname devicetype productnumber productcode productdescription "
    "partnumber itemname itemcode sku typbezeichnung geratetyp typ produkt produktname artikel produit "
    "producto produto prodotto nazwaproduktu"
)
ACCOUNT = (
    "accountid accountno accountnumber accountref accountcode customerid customerno customernumber customercode customerref clientid "
    "clientnumber clientno clientcode companyid companynumber companycode organizationid debtornumber soldtoparty soldto "
    "billtocustomerno selltocustomerno tenantid kundennummer kundennr kundenid kdnr debitorennummer "
    "debitornr debitor numeroclient numclient "
    "codeclient noclient nclient idclient idcliente numerocliente numerodecliente codigocliente codigodocliente codcliente codicecliente "
    "klantnummer klantnr klantcode debiteurnummer debiteurnr numerklienta nrklienta idklienta kodklienta numerkontrahenta | "
    "account customer client company accountname customername clientname companyname organization organisation organizationname tenant "
    "endcustomer endcustomername associatedcompany kunde kundenname firma mandant auftraggeber unternehmen nomduclient nomclient societe "
    "entreprise cliente nombrecliente nombredelcliente nomecliente nomedocliente empresa azienda ragionesociale klant klantnaam bedrijf "
    "klient nazwaklienta kontrahent"
)
ACCOUNT_KEY = (
    "accountid accountnumber accountno accountref accountcode customerid customernumber customerno customercode customerref clientid "
    "clientnumber clientno clientcode companyid companynumber companycode organizationid debtornumber contactid "
    "kundennummer kundennr kundenid kdnr debitorennummer debitornr numeroclient numclient codeclient noclient nclient idclient idcliente "
    "numerocliente numerodecliente codigocliente codigodocliente codcliente codicecliente klantnummer klantnr klantcode debiteurnummer "
    "debiteurnr numerklienta nrklienta idklienta kodklienta numerkontrahenta | recordid externalid "
    "internalid number no nummer nr codigo code | id"
)
ACCOUNT_NAME = (
    "accountname companyname customername clientname organizationname organisationname organisation organization company customer client "
    "legalname businessname displayname name fullname kundenname firmenname firma firmierung unternehmen kunde raisonsociale nomduclient "
    "nomclient societe entreprise nom razonsocial nombrecliente nombredelcliente empresa nombre razaosocial nomedocliente nomecliente nome "
    "ragionesociale azienda denominazione klantnaam bedrijfsnaam bedrijf naam nazwaklienta nazwafirmy nazwa"
)
PARENT = (
    "parentaccountid parentid parentcompanyid parentcustomerid parentaccountnumber parentaccount parentcompany parentcustomer parent "
    "parentorganization konzernmutter mutterkonto muttergesellschaft ubergeordneterkunde compteparent maisonmere societemere "
    "cuentaprincipal empresamatriz contapai contaprincipal empresamae societamadre capogruppo moederbedrijf hoofdklant klientnadrzedny"
)
SITE = (
    "siteid siteno sitenumber siteref sitecode locationid locationno locationnumber locationcode shiptoid standortid standortnummer "
    "standortnr standortcode filialnummer filialnr idsite codesite numerosite numerodesite idsede codigosede codicesede vestigingsnummer "
    "locatienummer locatiecode numerlokalizacji kodlokalizacji | site sitename"
)
SITE_KEY = SITE.partition(" | ")[0] + " | recordid externalid internalid number no code nummer nr | id"
SITE_NAME = (
    "sitename locationname name site location sitedescription locationdescription branchname branch "
    "standort standortname filiale niederlassung "
    "bezeichnung nomdusite nomsite lieu agence nom nombredelsitio sitio sede ubicacion nombre nomedolocal local filial nome nomesede "
    "locatienaam locatie vestiging naam nazwalokalizacji lokalizacja oddzial nazwa"
)
POSTCODE = (
    "postcode postalcode zip zipcode zippostalcode postalzipcode billingzippostalcode billingpostalcode billingzip billingcode "
    "billingaddresspostalcode billtozip shippingpostalcode shippingzippostalcode address1zippostalcode plz postleitzahl codepostal "
    "cp codigopostal cep cap codicepostale kodpocztowy"
)
COUNTRY = (
    "countrycode country countryregion countryname billingcountrycode billingcountry billingaddresscountry billtocountry shippingcountry "
    "address1countryregion land landercode laenderkennzeichen pays paysregion pais paese nazione kraj"
)
ZONE = "timezone zone tz timezonename timezoneid zeitzone fuseauhoraire zonahoraria fusohorario fusoorario tijdzone strefaczasowa"
LATITUDE = "latitude lat gpslatitude geolocationlatitude breitengrad breite latitud latitudine breedtegraad szerokoscgeograficzna"
LONGITUDE = "longitude lon lng long gpslongitude geolocationlongitude langengrad lange longitud longitudine lengtegraad dlugoscgeograficzna"
PHONE = (
    "phone phonenumber telephone telephonenumber mainphone workphone businessphone companyphone telefon telefonnummer tel rufnummer "
    "numerodetelephone telefono numerodetelefono telefone telefoonnummer telefoon numertelefonu"
)
WEBSITE = (
    "website websiteurl websitedomain companydomainname domain domainname url web homepage webseite internetadresse siteweb sitioweb "
    "paginaweb sitoweb websiteadres stronawww stronainternetowa"
)
SEGMENT = (
    "segment customersegment marketsegment accountsegment tier industry sector branche kundensegment "
    "secteur secteurdactivite sectoractividad "
    "segmento setor settore bransje branza"
)
STATUS = (
    "status assetstatus devicestatus unitstatus equipmentstatus hardwarestatus lifecyclestatus lifecyclestage lifecycle installstatus "
    "assetstate statuslabel statusname statename assetlifecyclestatus configurationstatus cmdbstatus statut estado etat stato situacao "
    "zustand geratestatus stan state"
)
SHIPPED = (
    "shipdate shippeddate shippedon dateshipped shipmentdate dispatchdate shippingdate shipped actualshipdate versanddatum versandtam "
    "versendetam datedexpedition dateexpedition fechadeenvio fechaenvio datadeenvio dataenvio dataspedizione datadispedizione verzenddatum "
    "datawysylki"
)
INSTALLED = (
    "installdate installeddate installationdate installedon dateinstalled deploydate deployedon "
    "deploymentdate datedeployed commissioningdate "
    "commissioningon commissioned inservicedate inservicesince dateinservice startupdate golivedate "
    "installed installedat installationsdatum installiertam "
    "inbetriebnahme inbetriebnahmedatum inbetriebnahmeam einbaudatum aufstelldatum datedinstallation dateinstallation datedemiseenservice "
    "datemiseenservice miseenservice fechadeinstalacion fechainstalacion fechadepuestaenmarcha fechapuestaenmarcha datadeinstalacao "
    "datainstalacao datadeimplantacao datadiinstallazione datainstallazione datamessainservizio installatiedatum datuminstallatie "
    "datumingebruikname ingebruikname datainstalacji datauruchomienia"
)
LEFT = (
    "retireddate retirementdate retiredate dateretired retiredon returndate returneddate returnedon datereturned decommissiondate "
    "decommissioneddate decommissioningdate decommissionedon datedecommissioned removaldate removeddate removedon dateremoved "
    "uninstalldate uninstalleddate deinstallationdate disposaldate disposeddate disposedon outofservicedate rucknahmedatum ruckgabedatum "
    "ausmusterungsdatum ausbaudatum ausserbetriebnahmedatum datederetour datederetrait fechaderetirada fechadebaja datadiritiro "
    "retourdatum buitengebruikdatum datawycofania"
)
REGISTERED = (
    "registrationdate registereddate registeredon dateregistered registered warrantyregistrationdate registrierungsdatum registriertam "
    "datedenregistrement fechaderegistro dataderegistro datadiregistrazione registratiedatum datarejestracji"
)
WARRANTY_MONTHS = (
    "warrantymonths warrantyinmonths warrantyperiodmonths warrantylengthmonths warrantylengthsmonths warrantylenghtsmonths "
    "warrantytermmonths warrantydurationmonths monthsofwarranty warrantyperiod warrantylength warrantyterm warrantyduration garantiemonate "
    "garantieinmonaten garantiedauer garantiezeitraum garantiedauermonate garantiezeit garantiezeitmonate "
    "gewahrleistungmonate gewahrleistungsdauer "
    "dureedegarantie dureegarantie dureegarantiemois dureedelagarantie garantiemois mesesdegarantia mesesgarantia garantiameses "
    "duraciongarantia prazodegarantia mesidigaranzia garanziamesi duratagaranzia garantiemaanden garantietermijn garantieperiode "
    "gwarancjamiesiace okresgwarancji"
)
CONTRACT = (
    "contractnumber contractno contractnr contractref contractreference contractid contractcode agreementnumber agreementno agreementid "
    "servicecontractnumber servicecontractid maintenancecontractnumber subscriptionid subscriptionnumber "
    "vertragsnummer vertragsnr vertragsid "
    "wartungsvertragsnummer numerodecontrat numerocontrat ncontrat nocontrat numcontrat referencecontrat numerodecontrato numerocontrato "
    "ncontrato nocontrato idcontrato numerodocontrato numerodicontratto numerocontratto ncontratto contractnummer "
    "numerumowy nrumowy | contract agreement subscription servicecontract contractname agreementname "
    "vertrag contrat contrato contratto umowa"
)
CONTRACT_KEY = (
    CONTRACT.partition(" | ")[0] + " | recordid dealid externalid number no nummer nr | contract agreement name contractname vertrag | id"
)
START = (
    "startdate contractstartdate contractstart starton startson startedon effectivedate effectivefrom commencementdate termstartdate "
    "termstart currenttermstart currenttermstartdate coveragestartdate coveragestart servicestartdate servicestart "
    "subscriptionstartdate validfrom activationdate begindate start from vertragsbeginn beginn "
    "startdatum gultigab gultigvon laufzeitbeginn "
    "datededebut datedebut datedeffet debut fechadeinicio fechainicio iniciovigencia inicio datadeinicio datainicio iniciodavigencia "
    "datadiinizio datainizio decorrenza inizio ingangsdatum begindatum geldigvanaf datarozpoczecia dataod obowiazujeod poczatek"
)
END = (
    "enddate contractenddate contractend contractexpirationdate endson endedon expirationdate expirydate expireson expires expiry "
    "termenddate termend currenttermend currenttermenddate subscriptionenddate coverageenddate coverageend serviceenddate serviceend "
    "renewaldate validto validuntil validthrough until end to vertragsende ende enddatum "
    "gultigbis laufzeitende ablaufdatum datedefin datefin echeance datedecheance dateecheance fin fechadefin fechafin fechadevencimiento "
    "vencimiento finvigencia fechafinal datadefim datafim datadetermino vencimento fimdavigencia datadivencimento fim datadifine datafine "
    "scadenza datascadenza datadiscadenza einddatum vervaldatum geldigtot datazakonczenia datado obowiazujedo koniec"
)
CONTRACT_STATE = (
    "status state contractstatus agreementstatus subscriptionstatus contractstate stage dealstage vertragsstatus statut statutducontrat "
    "estado estadodelcontrato situacao statuscontrato stato statocontratto statusumowy"
)
AUTO_RENEW = (
    "autorenew autorenewal automaticrenewal autorenews renewsautomatically evergreen autorenewing willautorenew automatischeverlangerung "
    "autoverlangerung verlangerung reconductiontacite tacitereconduction renouvellementautomatique "
    "renovacionautomatica renovacaoautomatica "
    "rinnovoautomatico tacitorinnovo automatischeverlenging stilzwijgendeverlenging automatyczneprzedluzenie"
)
RENEWS = (
    "renewalof renews renewedfrom renewalfrom renewalofcontract renewedcontract previouscontract previouscontractnumber previouscontractid "
    "priorcontract priorcontractnumber predecessor predecessorcontract precedingcontract vorgangervertrag vorvertrag contratprecedent "
    "contratoanterior contrattoprecedente vorigcontract poprzedniaumowa"
)
NOTICE = (
    "noticedays noticeperioddays noticeperiod cancellationnoticedays cancellationperiod ownerexpirationnotice kundigungsfrist "
    "kundigungsfristtage preavis delaidepreavis periododepreaviso diasdepreaviso preaviso avisoprevio prazodeaviso preavviso opzegtermijn "
    "okreswypowiedzenia"
)
CURRENCY = (
    "currency currencycode currencyisocode contractcurrency currencyname transactioncurrency isocode "
    "wahrung devise moneda moeda valuta waluta"
)
QUANTITY = (
    "quantity qty count units numberofunits seats licenses licences menge anzahl stuck stuckzahl "
    "quantite qte nombre cantidad quantidade qtd "
    "quantita qta aantal ilosc"
)
PRICE = (
    "priceperyear annualprice yearlyprice annualunitprice unitpriceperyear jahrespreis preisprojahr prixannuel "
    "precioanual precoanual prezzoannuo jaarprijs cenaroczna unitprice price einzelpreis preis prixunitaire prix preciounitario precio "
    "precounitario preco prezzounitario prezzo stuksprijs prijs cenajednostkowa cena "
    "| monthlyprice pricepermonth monthlyunitprice monatspreis preispromonat preisjemonat prixmensuel preciomensual precomensal "
    "prezzomensile maandprijs cenamiesieczna"
)
LINE_TOTAL = (
    "annualvalueofline annualvalue annualamount annualtotal totalannualvalue totalannualprice annualcontractvalue acv totalperyear "
    "arr annualrecurringrevenue "
    "jahreswert jahresbetrag jahressumme montantannuel valeurannuelle importeanual valoranual importoannuo valoreannuo "
    "jaarbedrag jaarwaarde wartoscroczna | mrr monthlyrecurringrevenue"
)
BILLING_PERIOD = (
    "billingperiod billingfrequency billingcycle billinginterval billingterm chargeperiod chargefrequency priceperiod paymentfrequency "
    "invoicefrequency invoicingfrequency recurringperiod recurringchargeperiod abrechnungszeitraum abrechnungsintervall abrechnungsperiode "
    "zahlungsintervall abrechnungsrhythmus periodedefacturation frequencedefacturation periododefacturacion frecuenciadefacturacion "
    "periododefaturamento frequenciadefaturamento periododifatturazione frequenzadifatturazione facturatieperiode facturatiefrequentie "
    "okresrozliczeniowy"
)
LINE = (
    "line linenumber lineno linenr lineitem lineitemnumber lineitemid lineid position positionsnummer pos posnr "
    "zeile ligne numerodeligne linea numerodelinea linha numerodalinha riga numeroriga regel regelnummer pozycja nrpozycji "
    "| item itemnumber itemno"  # often the article
)
SERVICE_LEVEL = (
    "servicelevel sla slalevel slaname service serviceplan entitlement entitlementname supportlevel supportplan servicelevelagreement "
    "plan leistung leistungsumfang niveaudeservice niveldeservicio niveldeservico livellodiservizio serviceniveau poziomuslug"
)
PAYMENT = (
    "paymentstate paymentstatus invoicestatus invoicestate billingstatus paidstatus zahlungsstatus rechnungsstatus statutdepaiement "
    "statutfacture estadodepago estadofactura estadodopagamento statusdopagamento statodelpagamento statopagamento statofattura "
    "betaalstatus factuurstatus statusplatnosci status state"
)
INVOICED = (
    "lastinvoicedate invoicedate lastinvoiced invoicedon lastbillingdate billingdate dateissued issuedate posteddate rechnungsdatum "
    "letzterechnung datedefacture datefacture datedefacturation fechadefactura fechafactura datadafatura datafatura datafattura "
    "factuurdatum datafaktury date datum"
)
TICKET = (
    "ticketnumber ticketno ticketnr casenumber caseno incidentnumber incidentno requestnumber requestno issuekey workordernumber "
    "servicerequestnumber servicecallnumber callnumber jobnumber ticketnummer vorgangsnummer auftragsnummer storungsnummer meldungsnummer "
    "numerodeticket numeroticket nticket numerodincident numerodademanda numerodellamado numerodeincidencia numerodochamado numerochamado "
    "numerointervento numerosegnalazione meldingnummer incidentnummer numerzgloszenia nrzgloszenia | "
    "ticketid caseid incidentid requestid issueid workorderid callid | ticket case incident request key number no nummer nr numero "
    "vorgang meldung demande incidencia chamado segnalazione melding zgloszenie | id recordid"
)
OPENED = (
    "opened openedon openedat opendate openingdate dateopened datetimeopened createddate createdate "
    "createdtime createddatetime created createdon createdat "
    "datecreated dateentered creationdate reportedon reporteddate reportedat submittedon submitdate submitteddate logged logdate loggedon "
    "calldate servicedate startedon eroffnet eroffnetam eroffnungsdatum erstelltam erstellt erstellungsdatum gemeldetam meldedatum "
    "storungsdatum datedouverture dateouverture datedecreation datecreation ouvertle fechadeapertura fechaapertura fechadecreacion "
    "fechacreacion datadeabertura dataabertura datadecriacao datacriacao datadiapertura dataapertura datadicreazione datacreazione "
    "aanmaakdatum aangemaaktop geopendop openingsdatum datautworzenia dataotwarcia datazgloszenia date datum data fecha"
)
CLOSED = (
    "closed closetime closeddatetime closedon closedat closedate dateclosed closeddate closedtime closingdate datetimeclosed "
    "resolved resolvedon resolvedat "
    "resolveddate resolvedtime resolveddatetime resolutiondate solvedat solvedon completed completedon completeddate completedtime "
    "completiondate finisheddate geschlossen geschlossenam abgeschlossenam erledigtam gelostam losungsdatum abschlussdatum datedecloture "
    "datecloture datederesolution dateresolution fechadecierre fechacierre fechaderesolucion datadefechamento datafechamento "
    "datadasolucao datadichiusura datachiusura sluitingsdatum geslotenop afgeslotenop opgelostop datazamkniecia datarozwiazania"
)
CATEGORY = (
    "category categoryname type tickettype incidenttype casetype issuetype requesttype reason problemtype rootcause kategorie art "
    "storungsart ursache fehlerart categorie typedincident categoria tipo tipodechamado kategoria rodzaj typ"
)
HOURS = (
    "hours handlinghours hoursspent hoursworked actualhours workhours labourhours laborhours effort timespent timeworked timetracked "
    "totaltimespent totalduration handlingtime stunden arbeitszeit aufwand heures tempspasse horas "
    "tiempo tempogasto ore tempoimpiegato uren "
    "bestedetijd godziny"
)
LAST_SEEN = (
    "lastseen lastseenat lastseendate lastseenon lastheard lastcontact lastcontactat lastcontactdate lastcheckin lastcheckindate "
    "lastcheckinat lastcheckintime lastreported lastreport lastreportat lastconnected lastconnection lastactive lastactivity lastactiveat "
    "lastactivitytime lastsync lastsyncat lastsyncdate lastsyncdatetime lastsynctime lastpolicysync lastcommunication lastmessage "
    "lastmessageat lastdata lastonline lastupdatetime mostrecentactivity recentactivity lastinventory lastinventoryupdate datelastbeat "
    "zuletztgesehen zuletztonline letzterkontakt letztekommunikation letzteaktivitat letzteverbindung zuletztverbunden derniercontact "
    "dernierecommunication derniereconnexion vulederniere ultimocontacto ultimaconexion ultimacomunicacion ultimocontato ultimaconexao "
    "ultimacomunicacao vistoporultimo ultimocontatto ultimaconnessione ultimacomunicazione laatstgezien laatstecontact "
    "laatsteverbinding ostatniowidziany ostatnikontakt ostatniepolaczenie"
)
FIRST_SEEN = (
    "firstseen firstseenat firstheard firstcontact firstconnected firstreported activatedat activationdate enrollmentdate enrolleddatetime "
    "enrolleddate enrolledat dateenrolled enrollmenttime firstenrollment firstenrollmenttime enrolledon registrationdate registeredat "
    "erstmalsgesehen ersterkontakt anmeldedatum premiercontact datedinscription primercontacto primeirocontato primocontatto eerstgezien "
    "pierwszykontakt"
)
FIRMWARE = (
    "firmware firmwareversion currentfirmware softwareversion swversion fwversion fwver version osversion osbuild operatingsystemversion "
    "platformversion versiondufirmware versionlogiciel versiondefirmware versaodofirmware versaofirmware versionefirmware firmwareversie "
    "wersjafirmware wersjaoprogramowania"
)
WARRANTY_START = (
    "warrantystart warrantystartdate warrantystartson warrantyfrom warrantybegin warrantybegindate garantiebeginn garantieab garantiestart "
    "debutdegarantie debutgarantie iniciogarantia iniciodegarantia iniziogaranzia startgarantie begingarantie poczatekgwarancji "
    "| startdate"
)
WARRANTY_END = (
    "warrantyend warrantyenddate warrantyendson warrantyexpiration warrantyexpirationdate warrantyexpires warrantyexpireson warrantyexpiry "
    "warrantyexpirydate warrantyuntil warrantyto warrantyvalidto warrantylastday endofwarranty hardwarewarrantyend "
    "vendorwarrantyexpiration warrantyexpiresat "
    "garantieende garantiebis garantieablauf ablaufgarantie gewahrleistungbis gewahrleistungsende findegarantie fingarantie "
    "datefindegarantie datefingarantie findegarantia fingarantia vencimientogarantia fimdagarantia fimgarantia finegaranzia "
    "scadenzagaranzia eindegarantie garantietot koniecgwarancji gwarancjado | enddate warrantydate"
)
WARRANTY_TYPE = "warrantytype typeofwarranty warrantylevel warrantyname garantieart garantietyp typedegarantie tipodegarantia tipogaranzia"
WARRANTY_PROVIDER = (
    "warrantyprovider warrantyvendor warrantysupplier warrantycompany garantiegeber supplier suppliername lieferant fournisseur proveedor "
    "fornitore fornecedor leverancier dostawca"
)
PURCHASED = (
    "purchasedate purchasedon datepurchased dateofpurchase purchased acquisitiondate acquiredon boughton buydate orderdate "
    "invoicedate purchasedat "
    "kaufdatum anschaffungsdatum beschaffungsdatum anschaffung gekauftam datedachat dateachat datedacquisition fechadecompra fechacompra "
    "datadecompra datacompra datadacquisto dataacquisto datadiacquisto aankoopdatum aanschafdatum datazakupu"
)
PURCHASE_COST = (
    "purchasecost purchaseprice acquisitioncost acquisitionvalue unitcost cost costs price value kaufpreis anschaffungswert "
    "anschaffungskosten preis wert prixdachat prix cout preciodecompra precio coste precodecompra preco valor prezzo costo aankoopprijs "
    "prijs cena wartosc"
)
ASSET_TAG = (
    "assettag assettagid tag tagid assetnumber assetno assetnr assetcode assetid inventorynumber inventoryno inventorytag propertytag "
    "barcode inventarnummer inventarnr inventarnummern anlagennummer anlagennr etikett numerodinventaire ninventaire numeroinventaire "
    "numerodeinventario numeroinventario ninventario noinventario nroinventario npatrimonio nopatrimonio patrimonio numeropatrimonio "
    "noinventaire inventarisnummer numerinwentarzowy nrinwentarzowy"
)
UNIT_NAME = "unitname displayname friendlyname nickname equipmentname identifikation anzeigename nomdaffichage nombreparamostrar"
HOSTNAME = (
    "hostname devicehostname systemhostname computername devicename machinename dnsname fqdn netbiosname assetname systemname "
    "rechnername geratename nomdelordinateur"
)
CONFIGURATION_ITEM = f"{HOSTNAME} configurationitem ci cmdbci affectedci affectedasset configurationitemname assetname asset"
MAC = "macaddress mac macaddr wifimacaddress wifimac ethernetmac ethernetmacaddress physicaladdress hardwareaddress macadresse adressemac"
LOCATION = (
    "location locationname locationtext room building floor place position standort raum gebaude ort emplacement lieu salle ubicacion "
    "lugar localizacao local ubicazione luogo stanza locatie ruimte lokalizacja miejsce pokoj"
)
CONTACT_NAME = (
    "contactname contact assignedto assigneduser checkedoutto primaryuser primaryuserdisplayname enduser owner ownername fullname username "
    "user responsible ansprechpartner benutzer nutzer zugewiesenan verantwortlicher utilisateur affectea usuario asignadoa responsavel "
    "utente assegnatoa gebruiker uzytkownik"
)
CONTACT_EMAIL = (
    "contactemail email emailaddress mail useremail primaryuseremail primaryuseremailaddress primaryuserupn upn emailadresse courriel "
    "correo"
)
CONTACT_KEY = (
    "contactid contactnumber contactno contactref contactcode kontaktid kontaktnummer kontaktnr idcontact numerocontact idcontacto "
    "idcontatto contactpersoonid idkontaktu | recordid externalid internalid | id number no nummer nr"
)
FIRST_NAME = "firstname givenname forename contactfirstname vorname prenom nombredepila primeironome voornaam imie"
LAST_NAME = (
    "lastname surname familyname contactlastname nachname familienname nomdefamille apellido apellidos sobrenome cognome "
    "achternaam nazwisko | contactname fullname contactfullname contact name ansprechpartner nomcomplet nombrecompleto "
    "nomecompleto naam"
)
ROLE = (
    "role jobtitle title position contactrole jobrole function funktion rolle stellung beruf poste fonction cargo puesto ruolo "
    "qualifica functie stanowisko"
)
PERSON_EMAIL = (
    "email emailaddress contactemail mail workemail businessemail primaryemail emailaddress1 useremail emailadresse mailadresse "
    "courriel adressemail correo correoelectronico enderecodeemail indirizzoemail adresemail"
)
PERSON_PHONE = f"contactphone directphone {PHONE} mobile mobilephone mobilephonenumber mobiltelefon handy portable movil celular mobiel"
LANGUAGE = (
    "language preferredlanguage languagecode locale contactlanguage sprache bevorzugtesprache langue langueprefere idioma lingua "
    "taal voorkeurstaal jezyk"
)
CONSENT = (
    "consent emailconsent marketingconsent consentstatus consentgiven optin emailoptin optedin subscriptionstatus newsletter "
    "einwilligung einwilligungemail zustimmung consentement consentimiento consentimento consenso toestemming zgoda"
)
CONSENT_SOURCE = (
    "consentsource optinsource sourceofconsent consentorigin einwilligungquelle quelledereinwilligung sourceduconsentement "
    "origenconsentimiento origemconsentimento origineconsenso brontoestemming zrodlozgody"
)
CONSENT_DATE = (
    "consentdate consenton dateofconsent consentgivenon optindate optintime einwilligungam datumdereinwilligung einwilligungsdatum "
    "dateduconsentement fechaconsentimiento dataconsentimento dataconsenso datumtoestemming datazgody"
)
OPTED_OUT = (
    "optedout optout emailoptout emailoptedout hasoptedoutofemail unsubscribed unsubscribedfromallemail donotemail donotbulkemail "
    "abgemeldet keineemails desabonne"
)
