// The camera: fetched when the scan button is pressed. Codes are read on the device; only the text is sent.
const WANTED = ["qr_code", "code_128", "data_matrix", "ean_13", "ean_8", "upc_a", "code_39", "code_93", "itf", "aztec"];
const ARTICLES = ["ean_13", "ean_8", "upc_a", "upc_e"]; // they name a kind of product
const PATIENCE = 1500; // ms that an article number alone is looked past: the serial is often beside it
const AGAIN = 120; // ms between looks

export async function scan(button) {
  style(button.dataset.style);
  const field = document.getElementById(button.dataset.scan);
  const dialog = curtain();
  document.body.append(dialog);
  dialog.showModal();
  try {
    const [stream, detector] = await Promise.all([camera(), detectorFor(button.dataset)]);
    const video = dialog.querySelector("video");
    video.srcObject = stream;
    dialog.addEventListener("close", () => stream.getTracks().forEach((track) => track.stop()));
    if (!dialog.open) dialog.dispatchEvent(new Event("close")); // closed while the camera was opening
    torch(dialog, stream.getVideoTracks()[0]);
    await video.play();
    say(dialog, "Point the camera at the code.");
    const code = await look(dialog, video, detector);
    if (code) take(field, code);
  } catch (error) {
    say(dialog, sentence(error));
    if (dialog.open) await new Promise((closed) => dialog.addEventListener("close", closed));
  } finally {
    dialog.close();
    dialog.remove();
  }
}

async function look(dialog, video, detector) {
  const begun = performance.now();
  while (dialog.open) {
    const found = await detector.detect(video);
    const texts = (codes) => [...new Set(codes.map((code) => code.rawValue))].filter(Boolean);
    let codes = texts(found.filter((code) => !ARTICLES.includes(code.format)));
    if (!codes.length && performance.now() - begun > PATIENCE) codes = texts(found);
    if (codes.length === 1) return codes[0];
    if (codes.length) return choice(dialog, video, codes);
    await new Promise((next) => setTimeout(next, AGAIN));
  }
}

function choice(dialog, video, codes) {
  video.pause();
  say(dialog, "");
  const list = document.createElement("div");
  list.className = "scanner-codes";
  dialog.append(list);
  return new Promise((chosen) => {
    dialog.addEventListener("close", () => chosen());
    for (const code of codes) list.append(button(code, () => chosen(code)));
    list.firstChild.focus();
  });
}

function take(field, code) {
  navigator.vibrate?.(40);
  field.value = code;
  if (field.id === "code") field.form.requestSubmit();
  else field.focus();
}

const camera = () => {
  if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
  return navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } } });
};

async function detectorFor({ detector, wasm }) {
  const native = globalThis.BarcodeDetector;
  const known = native ? await native.getSupportedFormats() : [];
  if (["qr_code", "code_128", "data_matrix", "ean_13"].every((format) => known.includes(format)))
    return new native({ formats: WANTED.filter((format) => known.includes(format)) });
  await script(detector);
  BarcodeDetectionAPI.prepareZXingModule({ overrides: { locateFile: () => wasm } });
  return new BarcodeDetectionAPI.BarcodeDetector({ formats: WANTED });
}

function torch(dialog, track) {
  if (!track.getCapabilities?.().torch) return;
  let on = false;
  dialog.querySelector(".scanner-buttons").prepend(button("Light", () => track.applyConstraints({ advanced: [{ torch: (on = !on) }] })));
}

function curtain() {
  const dialog = document.createElement("dialog");
  dialog.className = "scanner";
  dialog.setAttribute("aria-label", "Scan a code");
  dialog.innerHTML = '<video playsinline muted></video><div class="scanner-frame"></div><p class="scanner-words" role="status">Starting the camera…</p><div class="scanner-buttons"></div>';
  dialog.lastChild.append(button("Close", () => dialog.close()));
  return dialog;
}

function button(text, pressed) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button second";
  made.textContent = text;
  made.addEventListener("click", pressed);
  return made;
}

const say = (dialog, words) => { dialog.querySelector(".scanner-words").textContent = words; };

function sentence(error) {
  if (error.name === "NotAllowedError") return "Camera access is blocked. Allow it in the browser settings, or take a photo.";
  if (error.name === "SecurityError") return "The camera needs an HTTPS connection. Take a photo, or type the serial.";
  if (error.name === "NotFoundError") return "No camera found. Take a photo, or type the serial.";
  return "The camera could not be started. Take a photo, or type the serial.";
}

function style(address) {
  if (document.querySelector(`link[href="${address}"]`)) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  document.head.append(link);
}

function script(address) {
  return new Promise((done, failed) => {
    const made = document.createElement("script");
    made.src = address;
    made.onload = done;
    made.onerror = failed;
    document.head.append(made);
  });
}

// A photo is made smaller before it is sent: a weak network is where photos are taken.
export async function shrink(file, side = 2000) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && file.size < 1_000_000) return file;
  const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new File([await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 })], "photo.jpg", { type: "image/jpeg" });
}
